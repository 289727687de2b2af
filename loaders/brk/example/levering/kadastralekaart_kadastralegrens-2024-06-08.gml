<?xml version="1.0" encoding="UTF-8"?>
<kk:DKK xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:oz="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-onroerendezaak/v20220601" xmlns:h="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-historie/v20220601" xmlns:t="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-typen/v20220601" xmlns:ko="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-kadastraalobject/v20220601" xmlns:q="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-kwaliteit/v20220601" xmlns:kk="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/stand/v20220601">
  <kk:grensMember>
    <oz:KadastraleGrens gml:id="NL.IMKAD.KadastraleGrens.700000001">
      <oz:historie>
        <h:beginGeldigheid>2018-07-02T11:30:00+02:00</h:beginGeldigheid>
        <h:tijdstipRegistratie>2018-07-02T11:30:00+02:00</h:tijdstipRegistratie>
        <h:volgnummer>0</h:volgnummer>
        <h:statusHistorie><h:StatusHistorie><t:code>G</t:code><t:waarde>Geldig</t:waarde></h:StatusHistorie></h:statusHistorie>
      </oz:historie>
      <oz:identificatie domein="NL.IMKAD.KadastraleGrens">700000001</oz:identificatie>
      <oz:grenslijn><gml:LineString gml:id="L700000001" srsName="urn:ogc:def:crs:EPSG::28992"><gml:posList>16020.000 495000.000 16020.000 495030.000</gml:posList></gml:LineString></oz:grenslijn>
      <oz:typeGrens><oz:TypeGrens><t:code>3</t:code><t:waarde>Definitief</t:waarde></oz:TypeGrens></oz:typeGrens>
      <oz:perceelLinks domein="NL.IMKAD.KadastraalObject">90010000170000</oz:perceelLinks>
      <oz:perceelRechts domein="NL.IMKAD.KadastraalObject">90010000270000</oz:perceelRechts>
    </oz:KadastraleGrens>
  </kk:grensMember>
  <kk:grensMember>
    <oz:KadastraleGrens gml:id="NL.IMKAD.KadastraleGrens.700000002">
      <oz:historie>
        <h:beginGeldigheid>2010-03-01T09:00:00+01:00</h:beginGeldigheid>
        <h:tijdstipRegistratie>2010-03-01T09:00:00+01:00</h:tijdstipRegistratie>
        <h:volgnummer>0</h:volgnummer>
        <h:statusHistorie><h:StatusHistorie><t:code>G</t:code><t:waarde>Geldig</t:waarde></h:StatusHistorie></h:statusHistorie>
      </oz:historie>
      <oz:identificatie domein="NL.IMKAD.KadastraleGrens">700000002</oz:identificatie>
      <oz:grenslijn><gml:Curve gml:id="L700000002" srsName="urn:ogc:def:crs:EPSG::28992"><gml:segments><gml:LineStringSegment><gml:posList>16000.000 495030.000 16000.000 495000.000</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve></oz:grenslijn>
      <oz:typeGrens><oz:TypeGrens><t:code>3</t:code><t:waarde>Definitief</t:waarde></oz:TypeGrens></oz:typeGrens>
      <oz:perceelLinks domein="NL.IMKAD.KadastraalObject">90010000170000</oz:perceelLinks>
    </oz:KadastraleGrens>
  </kk:grensMember>
  <!-- Had ended before the date of this delivery: it is not in the graph. -->
  <kk:grensMember>
    <oz:KadastraleGrens gml:id="NL.IMKAD.KadastraleGrens.700000003">
      <oz:historie>
        <h:beginGeldigheid>2010-03-01T09:00:00+01:00</h:beginGeldigheid>
        <h:eindGeldigheid>2020-01-15T08:15:00+01:00</h:eindGeldigheid>
        <h:tijdstipRegistratie>2010-03-01T09:00:00+01:00</h:tijdstipRegistratie>
        <h:eindRegistratie>2020-01-15T08:15:00+01:00</h:eindRegistratie>
        <h:volgnummer>0</h:volgnummer>
        <h:statusHistorie><h:StatusHistorie><t:code>G</t:code><t:waarde>Geldig</t:waarde></h:StatusHistorie></h:statusHistorie>
      </oz:historie>
      <oz:identificatie domein="NL.IMKAD.KadastraleGrens">700000003</oz:identificatie>
      <oz:grenslijn><gml:LineString gml:id="L700000003" srsName="urn:ogc:def:crs:EPSG::28992"><gml:posList>16035.000 495000.000 16035.000 495030.000</gml:posList></gml:LineString></oz:grenslijn>
      <oz:typeGrens><oz:TypeGrens><t:code>3</t:code><t:waarde>Definitief</t:waarde></oz:TypeGrens></oz:typeGrens>
      <oz:perceelLinks domein="NL.IMKAD.KadastraalObject">90010000270000</oz:perceelLinks>
    </oz:KadastraleGrens>
  </kk:grensMember>
</kk:DKK>
