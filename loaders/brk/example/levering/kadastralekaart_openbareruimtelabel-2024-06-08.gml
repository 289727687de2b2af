<?xml version="1.0" encoding="UTF-8"?>
<CityModel xmlns:gml="http://www.opengis.net/gml" xmlns:imgeo="http://www.geostandaarden.nl/imgeo/2.1" xmlns="http://www.opengis.net/citygml/2.0">
  <cityObjectMember>
    <imgeo:OpenbareRuimteLabel gml:id="b2">
      <creationDate xmlns="http://www.opengis.net/citygml/2.0">2012-05-01</creationDate>
      <imgeo:LV-publicatiedatum>2016-12-09T13:26:16</imgeo:LV-publicatiedatum>
      <imgeo:relatieveHoogteligging>0</imgeo:relatieveHoogteligging>
      <imgeo:inOnderzoek>false</imgeo:inOnderzoek>
      <imgeo:tijdstipRegistratie>2016-12-09T10:50:26.000</imgeo:tijdstipRegistratie>
      <imgeo:identificatie><imgeo:NEN3610ID><imgeo:namespace>NL.IMGeo</imgeo:namespace><imgeo:lokaalID>G9990.00000000000000000000000000000002</imgeo:lokaalID></imgeo:NEN3610ID></imgeo:identificatie>
      <imgeo:bronhouder>G9990</imgeo:bronhouder>
      <imgeo:bgt-status codeSpace="http://www.geostandaarden.nl/imgeo/def/2.1#Status">bestaand</imgeo:bgt-status>
      <imgeo:plus-status codeSpace="http://www.geostandaarden.nl/imgeo/def/2.1#VoidReasonValue">geenWaarde</imgeo:plus-status>
      <imgeo:identificatieBAGOPR>9990300000000001</imgeo:identificatieBAGOPR>
      <imgeo:openbareRuimteNaam><imgeo:Label><imgeo:tekst>Havenkade</imgeo:tekst><imgeo:positie><imgeo:Labelpositie><imgeo:plaatsingspunt><gml:Point><gml:pos>16010.000 494995.000</gml:pos></gml:Point></imgeo:plaatsingspunt><imgeo:hoek>8</imgeo:hoek></imgeo:Labelpositie></imgeo:positie></imgeo:Label></imgeo:openbareRuimteNaam>
      <imgeo:openbareRuimteType codeSpace="http://www.geostandaarden.nl/imgeo/def/2.1#TypeOpenbareRuimte">Weg</imgeo:openbareRuimteType>
    </imgeo:OpenbareRuimteLabel>
  </cityObjectMember>
</CityModel>
