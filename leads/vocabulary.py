"""How the exports of this world name their columns, in nine languages and a dozen tools."""

import re
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from unicodedata import combining, normalize


class Target(StrEnum):
    """What a column can mean to a lead; a column that is none of these is a custom field."""

    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    COMPANY = "company"
    TITLE = "title"
    PHONE = "phone"
    WEBSITE = "website"
    LINKEDIN = "linkedin"
    STREET = "street"
    CITY = "city"
    COUNTY = "county"
    STATE = "state"
    ZIP = "zip"
    COUNTRY = "country"
    TIMEZONE = "timezone"
    LANGUAGE = "language"


# Names are written as plain() leaves them, likeliest first; "|" parts them.
_NAMES = {
    Target.EMAIL: (
        "email|e mail|email address|e mail address|work email|business email|primary email|email 1|"
        "e mail 1 value|e mail 1 address|email1|emailaddress|mail|contact email|person email|"
        "professional email|company email|direct email|corporate email|email work|person email work|"
        "lead email|recipient|recipient email|user email|subscriber email|smtp address|mail address|"
        "e mail adresse|emailadresse|mailadresse|email adresse|geschaftliche e mail|e mail geschaftlich|"
        "adresse email|adresse e mail|adresse mail|adresse electronique|courriel|adresse de courriel|"
        "mel|email professionnel|e mail professionnel|adresse de messagerie|correo|correo electronico|"
        "direccion de correo|direccion de correo electronico|direccion de email|correo de trabajo|"
        "indirizzo email|indirizzo e mail|posta elettronica|indirizzo di posta elettronica|"
        "email aziendale|e mailadres|emailadres|mailadres|zakelijk e mailadres|endereco de email|"
        "endereco de e mail|correio eletronico|email profissional|adres email|adres e mail|poczta|"
        "poczta elektroniczna|mejl|e post|epost|epostadress|e postadress|e post adresse|epostadresse|"
        "sahkoposti|sahkopostiosoite|e mailova adresa|emailova adresa|eposta|e posta"
    ),
    Target.FIRST_NAME: (
        "first name|firstname|given name|givenname|forename|fname|first|contact first name|"
        "person first name|lead first name|christian name|preferred name|vorname|rufname|prenom|"
        "nombre|nombre de pila|primer nombre|nome|nome proprio|primeiro nome|voornaam|roepnaam|imie|"
        "fornamn|tilltalsnamn|fornavn|etunimi|jmeno|krestni jmeno"
    ),
    Target.LAST_NAME: (
        "last name|lastname|surname|family name|familyname|lname|last|contact last name|"
        "person last name|lead last name|second name|nachname|familienname|zuname|nom|nom de famille|"
        "apellido|apellidos|primer apellido|cognome|sobrenome|apelido|ultimo nome|achternaam|"
        "familienaam|nazwisko|efternamn|slaktnamn|etternavn|efternavn|sukunimi|prijmeni"
    ),
    Target.FULL_NAME: (
        "full name|fullname|name|contact name|display name|person name|lead name|your name|contact|"
        "person|name of contact|contact full name|nom complet|nom et prenom|nom prenom|prenom nom|"
        "name vollstandig|vollstandiger name|vor und nachname|vorname nachname|ansprechpartner|"
        "ansprechpartnerin|kontakt|kontaktperson|contactpersoon|nombre completo|nombre y apellidos|"
        "nome completo|nome e cognome|nominativo|volledige naam|naam|imie i nazwisko|osoba kontaktowa|"
        "namn|fullstandigt namn|kontaktperson namn|navn|fullt navn|jmeno a prijmeni"
    ),
    Target.COMPANY: (
        "company|company name|companyname|organization|organisation|organization name|"
        "organisation name|account name|account|employer|business|business name|business name 1|"
        "associated company|primary company|current company|organization 1 name|organization name 1|"
        "company name for emails|lead company|person organization|firm|firm name|firma|firmenname|"
        "unternehmen|unternehmensname|gesellschaft|arbeitgeber|entreprise|societe|raison sociale|"
        "nom de l entreprise|nom de la societe|empresa|nombre de la empresa|nombre de empresa|compania|"
        "razon social|azienda|societa|ragione sociale|nome azienda|bedrijf|bedrijfsnaam|onderneming|"
        "organisatie|nome da empresa|razao social|nazwa firmy|przedsiebiorstwo|foretag|foretagsnamn|"
        "bolag|organisationsnamn|selskap|virksomhed|firmanavn|yritys|spolecnost"
    ),
    Target.TITLE: (
        "title|job title|jobtitle|position|role|job role|current title|current position|"
        "organization title|organization 1 title|person title|lead title|function|headline|designation|"
        "job position|contact title|berufsbezeichnung|stelle|stellenbezeichnung|funktion|jobtitel|"
        "rolle|titre|poste|fonction|intitule du poste|titre du poste|cargo|puesto|puesto de trabajo|"
        "titulo|posicion|ruolo|posizione|qualifica|mansione|titolo|functie|functietitel|rol|funcao|"
        "titulo do cargo|stanowisko|tytul|befattning|jobbtitel|yrkestitel|stilling|tittel|"
        "tehtavanimike|pozice|funkce"
    ),
    Target.PHONE: (
        "phone|phone number|phonenumber|telephone|telephone number|tel|work phone|business phone|"
        "mobile|mobile phone|mobile number|mobile phone number|cell|cell phone|cellphone|direct phone|"
        "direct phone number|work direct phone|corporate phone|company phone|other phone|home phone|"
        "primary phone|phone work|phone 1 value|phone1|phone 1|contact phone|person phone|"
        "office phone|telefon|telefonnummer|tel nr|rufnummer|mobil|mobiltelefon|handy|mobilnummer|"
        "telefon geschaftlich|telefone|numero de telephone|portable|telephone portable|tel portable|"
        "mobile tel|telefono|telefono movil|movil|numero de telefono|celular|cellulare|"
        "numero di telefono|telefoonnummer|telefoon|mobiel|mobiele telefoon|numero de telefone|"
        "telemovel|numer telefonu|telefon komorkowy|komorka|mobilnr|telefonnr|puhelin|puhelinnumero"
    ),
    Target.WEBSITE: (
        "website|web site|web|url|website url|homepage|home page|company website|web address|domain|"
        "company domain|company domain name|company website full|website 1 value|web page|"
        "business web page|webpage|site|internet|webseite|internetseite|webadresse|site web|"
        "site internet|adresse web|sitio web|pagina web|sito|sito web|sito internet|strona www|"
        "strona internetowa|www|webbplats|webbsida|hemsida|nettside|nettsted|hjemmeside|kotisivu|"
        "verkkosivu|pagina da web|webove stranky"
    ),
    Target.LINKEDIN: (
        "linkedin|linkedin url|person linkedin url|linkedin profile|linkedin profile url|"
        "linkedin contact profile url|profile url|linkedin bio|linkedin page|linkedinurl|li url|"
        "contact linkedin url|linkedin person url|sales navigator url|"
        "linkedin sales navigator profile url|linkedin profil|profil linkedin|perfil de linkedin|"
        "profilo linkedin"
    ),
    Target.STREET: (
        "street|street address|address|address 1|address line 1|address1|mailing street|"
        "billing street|business street|work street|company street|company address|street 1|"
        "address 1 street|address 1 formatted|postal address|mailing address|strasse|adresse|anschrift|"
        "strasse geschaftlich|strasse und hausnummer|rue|adresse postale|adresse ligne 1|calle|"
        "direccion|domicilio|via|indirizzo|straat|adres|straatnaam|rua|endereco|morada|logradouro|"
        "ulica|gata|gatuadress|adress|gate|gateadresse|katuosoite|ulice"
    ),
    Target.CITY: (
        "city|town|city town|mailing city|billing city|business city|work city|company city|"
        "address 1 city|person city|locality|ort|stadt|ort geschaftlich|wohnort|ville|commune|"
        "localite|ciudad|poblacion|localidad|municipio|citta|comune|plaats|stad|woonplaats|cidade|"
        "localidade|miasto|miejscowosc|postort|stad ort|by|poststed|kaupunki|mesto"
    ),
    Target.COUNTY: (
        "county|district|landkreis|kreis|departement|comarca|gemeente|powiat|lan|kommun|kommune|okres"
    ),
    Target.STATE: (
        "state|state region|region|province|state province|mailing state|billing state|business state|"
        "work state|company state|address 1 region|person state|state code|mailing state province|"
        "bundesland|provincia|estado|regione|provincie|etat|wojewodztwo|comunidad autonoma|kanton|"
        "canton|fylke|obwod"
    ),
    Target.ZIP: (
        "zip|zip code|zipcode|postal code|postalcode|postcode|post code|zip postal code|mailing zip|"
        "mailing zip postal code|mailing postal code|billing zip|business postal code|work zip|"
        "company zip|address 1 postal code|person zip|plz|postleitzahl|postleitzahl geschaftlich|"
        "code postal|cp|codigo postal|cap|codice postale|codice di avviamento postale|cep|"
        "kod pocztowy|postnummer|postnr|postinumero|psc"
    ),
    Target.COUNTRY: (
        "country|country region|country code|mailing country|billing country|business country region|"
        "business country|work country|company country|address 1 country|person country|nation|"
        "country name|land|land region|pays|pays region|pais|paese|nazione|stato|panstwo|kraj|maa|"
        "zeme|land geschaftlich"
    ),
    Target.TIMEZONE: (
        "timezone|time zone|tz|zeitzone|fuseau horaire|zona horaria|fuso orario|tijdzone|"
        "fuso horario|strefa czasowa|tidszon|tidssone|tidszone|aikavyohyke|iana timezone|utc offset"
    ),
    Target.LANGUAGE: (
        "language|preferred language|locale|lang|language code|hs language|sprache|"
        "korrespondenzsprache|langue|idioma|lingua|taal|lingua preferita|jezyk|sprak|sprog|kieli|"
        "jazyk"
    ),
}
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "æ": "ae", "đ": "d", "\u0131": "i"}
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_AROUND = re.compile(r"^(?:person|contact|lead|prospect|kontakt) | (?:work|value|home|business)$")
_BREAK = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def plain(header: str) -> str:
    """The header in lower-case words without accents or punctuation: `E-Mail_Adresse` is `e mail adresse`."""
    words = _CAMEL.sub(" ", header).translate(_LETTERS)
    bare = "".join(c for c in normalize("NFKD", words) if not combining(c))
    return _BREAK.sub(" ", bare.casefold()).strip()


def _compact() -> dict[str, tuple[Target, int]]:
    names: dict[str, tuple[Target, int]] = {}
    for target, text in _NAMES.items():
        for rank, name in enumerate(text.split("|")):
            names.setdefault(name.replace(" ", ""), (target, rank))
    return names


NAMES = MappingProxyType(_compact())


def named(header: str) -> tuple[Target, int] | None:
    """What the header names and how usual that name is (0 is the most usual), or None.

    Spaces do not count, and a number at the end does only where an export is known to mean something
    by it: `phone1` and `Phone 1` are the phone.
    """
    words = _AROUND.sub("", plain(header)).replace(" ", "")
    found = NAMES.get(plain(header).replace(" ", "")) or NAMES.get(words)
    if found is None and (bare := words.rstrip("0123456789")) != words and bare in NAMES:
        target, rank = NAMES[bare]
        return target, rank + 100
    return found
