<?xml version="1.0" encoding="UTF-8"?>
<kk:DKK xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:oz="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-onroerendezaak/v20220601" xmlns:h="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-historie/v20220601" xmlns:t="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-typen/v20220601" xmlns:ko="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-kadastraalobject/v20220601" xmlns:q="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-kwaliteit/v20220601" xmlns:kk="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/stand/v20220601">
  <kk:perceelMember>
    <oz:Perceel gml:id="NL.IMKAD.KadastraalObject.90010000170000">
      <ko:identificatie domein="NL.IMKAD.KadastraalObject">90010000170000</ko:identificatie>
      <oz:historie>
        <h:beginGeldigheid>2010-03-01T09:00:00+01:00</h:beginGeldigheid>
        <h:tijdstipRegistratie>2010-03-01T09:00:00+01:00</h:tijdstipRegistratie>
        <h:volgnummer>0</h:volgnummer>
        <h:statusHistorie><h:StatusHistorie><t:code>G</t:code><t:waarde>Geldig</t:waarde></h:StatusHistorie></h:statusHistorie>
      </oz:historie>
      <oz:kadastraleAanduiding>
        <oz:TypeKadastraleAanduiding>
          <oz:kadastraleGemeente><oz:KadastraleGemeente><t:code>1990</t:code><t:waarde>Wadermeer</t:waarde></oz:KadastraleGemeente></oz:kadastraleGemeente>
          <oz:sectie>A</oz:sectie>
          <oz:perceelnummer>1</oz:perceelnummer>
          <oz:aKRKadastraleGemeenteCode><oz:AKRKadastraleGemeenteCode><t:code>1991</t:code><t:waarde>WDM00</t:waarde></oz:AKRKadastraleGemeenteCode></oz:aKRKadastraleGemeenteCode>
        </oz:TypeKadastraleAanduiding>
      </oz:kadastraleAanduiding>
      <oz:begrenzingPerceel><gml:Polygon gml:id="V90010000170000" srsName="urn:ogc:def:crs:EPSG::28992"><gml:exterior><gml:LinearRing><gml:posList>16000.000 495000.000 16020.000 495000.000 16020.000 495030.000 16000.000 495030.000 16000.000 495000.000</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></oz:begrenzingPerceel>
      <oz:kadastraleGrootte><oz:TypeOppervlak><oz:waarde>598</oz:waarde><oz:soortGrootte><oz:SoortGrootte><t:code>1</t:code><t:waarde>Vastgesteld</t:waarde></oz:SoortGrootte></oz:soortGrootte></oz:TypeOppervlak></oz:kadastraleGrootte>
      <oz:perceelnummerRotatie>0.0</oz:perceelnummerRotatie>
      <oz:perceelnummerVerschuiving><oz:TypePerceelnummerVerschuiving><oz:deltaX>0.0</oz:deltaX><oz:deltaY>0.0</oz:deltaY></oz:TypePerceelnummerVerschuiving></oz:perceelnummerVerschuiving>
      <oz:plaatscoordinaten><gml:Point gml:id="P90010000170000" srsName="urn:ogc:def:crs:EPSG::28992"><gml:pos>16010.000 495015.000</gml:pos></gml:Point></oz:plaatscoordinaten>
    </oz:Perceel>
  </kk:perceelMember>
  <kk:perceelMember>
    <oz:Perceel gml:id="NL.IMKAD.KadastraalObject.90010000270000">
      <ko:identificatie domein="NL.IMKAD.KadastraalObject">90010000270000</ko:identificatie>
      <oz:historie>
        <h:beginGeldigheid>2018-07-02T11:30:00+02:00</h:beginGeldigheid>
        <h:tijdstipRegistratie>2018-07-02T11:30:00+02:00</h:tijdstipRegistratie>
        <h:volgnummer>0</h:volgnummer>
        <h:statusHistorie><h:StatusHistorie><t:code>G</t:code><t:waarde>Geldig</t:waarde></h:StatusHistorie></h:statusHistorie>
      </oz:historie>
      <oz:kadastraleAanduiding>
        <oz:TypeKadastraleAanduiding>
          <oz:kadastraleGemeente><oz:KadastraleGemeente><t:code>1990</t:code><t:waarde>Wadermeer</t:waarde></oz:KadastraleGemeente></oz:kadastraleGemeente>
          <oz:sectie>A</oz:sectie>
          <oz:perceelnummer>2</oz:perceelnummer>
          <oz:aKRKadastraleGemeenteCode><oz:AKRKadastraleGemeenteCode><t:code>1991</t:code><t:waarde>WDM00</t:waarde></oz:AKRKadastraleGemeenteCode></oz:aKRKadastraleGemeenteCode>
        </oz:TypeKadastraleAanduiding>
      </oz:kadastraleAanduiding>
      <oz:begrenzingPerceel><gml:Polygon gml:id="V90010000270000" srsName="urn:ogc:def:crs:EPSG::28992"><gml:exterior><gml:LinearRing><gml:posList>16020.000 495000.000 16035.000 495000.000 16035.000 495030.000 16020.000 495030.000 16020.000 495000.000</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></oz:begrenzingPerceel>
      <oz:kadastraleGrootte><oz:TypeOppervlak><oz:waarde>450</oz:waarde><oz:soortGrootte><oz:SoortGrootte><t:code>1</t:code><t:waarde>Vastgesteld</t:waarde></oz:SoortGrootte></oz:soortGrootte></oz:TypeOppervlak></oz:kadastraleGrootte>
      <oz:perceelnummerRotatie>-12.5</oz:perceelnummerRotatie>
      <oz:perceelnummerVerschuiving><oz:TypePerceelnummerVerschuiving><oz:deltaX>-1.5</oz:deltaX><oz:deltaY>9.6</oz:deltaY></oz:TypePerceelnummerVerschuiving></oz:perceelnummerVerschuiving>
      <oz:plaatscoordinaten><gml:Point gml:id="P90010000270000" srsName="urn:ogc:def:crs:EPSG::28992"><gml:pos>16027.500 495015.000</gml:pos></gml:Point></oz:plaatscoordinaten>
    </oz:Perceel>
  </kk:perceelMember>
  <kk:perceelMember>
    <oz:Perceel gml:id="NL.IMKAD.KadastraalObject.90010000370000">
      <ko:identificatie domein="NL.IMKAD.KadastraalObject">90010000370000</ko:identificatie>
      <oz:historie>
        <h:beginGeldigheid>2020-01-15T08:15:00+01:00</h:beginGeldigheid>
        <h:tijdstipRegistratie>2020-01-15T08:15:00+01:00</h:tijdstipRegistratie>
        <h:volgnummer>0</h:volgnummer>
        <h:statusHistorie><h:StatusHistorie><t:code>G</t:code><t:waarde>Geldig</t:waarde></h:StatusHistorie></h:statusHistorie>
      </oz:historie>
      <oz:kadastraleAanduiding>
        <oz:TypeKadastraleAanduiding>
          <oz:kadastraleGemeente><oz:KadastraleGemeente><t:code>1990</t:code><t:waarde>Wadermeer</t:waarde></oz:KadastraleGemeente></oz:kadastraleGemeente>
          <oz:sectie>A</oz:sectie>
          <oz:perceelnummer>3</oz:perceelnummer>
          <oz:aKRKadastraleGemeenteCode><oz:AKRKadastraleGemeenteCode><t:code>1991</t:code><t:waarde>WDM00</t:waarde></oz:AKRKadastraleGemeenteCode></oz:aKRKadastraleGemeenteCode>
        </oz:TypeKadastraleAanduiding>
      </oz:kadastraleAanduiding>
      <oz:begrenzingPerceel><gml:Polygon gml:id="V90010000370000" srsName="urn:ogc:def:crs:EPSG::28992"><gml:exterior><gml:LinearRing><gml:posList>16035.000 495000.000 16035.500 495000.000 16035.500 495000.800 16035.000 495000.800 16035.000 495000.000</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></oz:begrenzingPerceel>
      <oz:kadastraleGrootte><oz:TypeOppervlak><oz:waarde>0,4</oz:waarde><oz:soortGrootte><oz:SoortGrootte><t:code>3</t:code><t:waarde>Voorlopig</t:waarde></oz:SoortGrootte></oz:soortGrootte></oz:TypeOppervlak></oz:kadastraleGrootte>
      <oz:perceelnummerRotatie>0.0</oz:perceelnummerRotatie>
      <oz:perceelnummerVerschuiving><oz:TypePerceelnummerVerschuiving><oz:deltaX>0.0</oz:deltaX><oz:deltaY>0.0</oz:deltaY></oz:TypePerceelnummerVerschuiving></oz:perceelnummerVerschuiving>
      <oz:plaatscoordinaten><gml:Point gml:id="P90010000370000" srsName="urn:ogc:def:crs:EPSG::28992"><gml:pos>16035.250 495000.400</gml:pos></gml:Point></oz:plaatscoordinaten>
    </oz:Perceel>
  </kk:perceelMember>
</kk:DKK>
