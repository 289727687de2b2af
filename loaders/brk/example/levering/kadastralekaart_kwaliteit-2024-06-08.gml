<?xml version="1.0" encoding="UTF-8"?>
<kk:DKK xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:oz="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-onroerendezaak/v20220601" xmlns:h="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-historie/v20220601" xmlns:t="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-typen/v20220601" xmlns:ko="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-kadastraalobject/v20220601" xmlns:q="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/imkad-kwaliteit/v20220601" xmlns:kk="http://www.kadaster.nl/schemas/brkkadastralekaart/v5/stand/v20220601">
  <kk:kwaliteitMember>
    <q:Kwaliteit gml:id="NL.IMKAD.Kwaliteit.700000001">
      <h:historie>
        <h:beginGeldigheid>2018-07-02T11:30:00+02:00</h:beginGeldigheid>
        <h:tijdstipRegistratie>2018-07-02T11:30:00+02:00</h:tijdstipRegistratie>
        <h:volgnummer>0</h:volgnummer>
        <h:statusHistorie><h:StatusHistorie><t:code>G</t:code><t:waarde>Geldig</t:waarde></h:StatusHistorie></h:statusHistorie>
      </h:historie>
      <q:identificatie domein="NL.IMKAD.Kwaliteit">700000001</q:identificatie>
      <q:classificatie><q:ElementEnKwaliteit><q:element><q:ElementAanduiding><t:code>1</t:code><t:waarde>Grenslijn</t:waarde></q:ElementAanduiding></q:element><q:kwaliteit><q:Kwaliteitsklasse><t:code>2</t:code><t:waarde>B</t:waarde></q:Kwaliteitsklasse></q:kwaliteit></q:ElementEnKwaliteit></q:classificatie>
      <q:vanKadastraleGrens domein="NL.IMKAD.KadastraleGrens">700000001</q:vanKadastraleGrens>
    </q:Kwaliteit>
  </kk:kwaliteitMember>
</kk:DKK>
