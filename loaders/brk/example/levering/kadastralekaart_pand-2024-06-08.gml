<?xml version="1.0" encoding="UTF-8"?>
<CityModel xmlns:gml="http://www.opengis.net/gml" xmlns:imgeo="http://www.geostandaarden.nl/imgeo/2.1" xmlns="http://www.opengis.net/citygml/2.0">
  <cityObjectMember>
    <BuildingPart xmlns="http://www.opengis.net/citygml/building/2.0" gml:id="b1">
      <creationDate xmlns="http://www.opengis.net/citygml/2.0">2012-05-01</creationDate>
      <imgeo:LV-publicatiedatum>2016-12-09T13:26:16</imgeo:LV-publicatiedatum>
      <imgeo:relatieveHoogteligging>0</imgeo:relatieveHoogteligging>
      <imgeo:inOnderzoek>false</imgeo:inOnderzoek>
      <imgeo:tijdstipRegistratie>2016-12-09T10:50:26.000</imgeo:tijdstipRegistratie>
      <imgeo:identificatie><imgeo:NEN3610ID><imgeo:namespace>NL.IMGeo</imgeo:namespace><imgeo:lokaalID>G9990.00000000000000000000000000000001</imgeo:lokaalID></imgeo:NEN3610ID></imgeo:identificatie>
      <imgeo:bronhouder>G9990</imgeo:bronhouder>
      <imgeo:bgt-status codeSpace="http://www.geostandaarden.nl/imgeo/def/2.1#Status">bestaand</imgeo:bgt-status>
      <imgeo:plus-status codeSpace="http://www.geostandaarden.nl/imgeo/def/2.1#VoidReasonValue">geenWaarde</imgeo:plus-status>
      <imgeo:identificatieBAGPND>9990100000000001</imgeo:identificatieBAGPND>
      <imgeo:geometrie2dGrondvlak><gml:MultiSurface><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList srsDimension="2">16004.000 495008.000 16014.000 495008.000 16014.000 495018.000 16004.000 495018.000 16004.000 495008.000</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></imgeo:geometrie2dGrondvlak>
    </BuildingPart>
  </cityObjectMember>
</CityModel>
