"""Which column is which, for the exports that people bring."""

# ruff: noqa: E501, ISC004 - header lines as the exports have them

import pytest

from leads.mapping import CUSTOM, IGNORE, Mapping, MappingError, Suggestion, suggest
from leads.sheet import Column
from leads.vocabulary import Target

T = Target
EXPORTS = {
    "sample": (
        "first_name,last_name,company_name,address,city,county,state,zip,phone1,phone2,email,web",
        "first_name,last_name,company,street,city,county,state,zip,phone,custom,email,website",
    ),
    "HubSpot": (
        "Record ID,First Name,Last Name,Email,Phone Number,Job Title,Company Name,Website URL,City,State/Region,"
        "Postal Code,Country/Region,Time Zone,Preferred language",
        "custom,first_name,last_name,email,phone,title,company,website,city,state,zip,country,timezone,language",
    ),
    "Salesforce": (
        "Salutation,First Name,Last Name,Title,Account Name,Mailing Street,Mailing City,Mailing State/Province,"
        "Mailing Zip/Postal Code,Mailing Country,Phone,Mobile,Email,Account Owner",
        "custom,first_name,last_name,title,company,street,city,state,zip,country,phone,custom,email,custom",
    ),
    "Pipedrive": (
        "Person - Name,Person - Email - Work,Person - Phone - Work,Organization - Name",
        "full_name,email,phone,company",
    ),
    "Apollo": (
        "First Name,Last Name,Title,Company,Company Name for Emails,Email,Email Status,Seniority,Work Direct Phone,"
        "Person Linkedin Url,Website,City,State,Country",
        "first_name,last_name,title,company,custom,email,custom,custom,phone,linkedin,website,city,state,country",
    ),
    "LinkedIn": (
        "First Name,Last Name,URL,Email Address,Company,Position,Connected On",
        "first_name,last_name,linkedin,email,company,title,custom",
    ),
    "Google": (
        "First Name,Middle Name,Last Name,Organization Name,Organization Title,E-mail 1 - Label,E-mail 1 - Value,"
        "Phone 1 - Value,Website 1 - Value",
        "first_name,custom,last_name,company,title,custom,email,phone,website",
    ),
    "Outlook": (
        "First Name,Last Name,Company,Job Title,Business Street,Business City,Business State,Business Postal Code,"
        "Business Country/Region,Business Phone,E-mail Address,E-mail Display Name,Web Page",
        "first_name,last_name,company,title,street,city,state,zip,country,phone,email,custom,website",
    ),
    "Mailchimp": (
        "Email Address,First Name,Last Name,Address,Phone Number,MEMBER_RATING",
        "email,first_name,last_name,street,phone,custom",
    ),
    "German": (
        "Vorname;Nachname;Firma;Position;E-Mail-Adresse;Telefon;Straße;PLZ;Ort;Bundesland;Land;Webseite;Sprache",
        "first_name,last_name,company,title,email,phone,street,zip,city,state,country,website,language",
    ),
    "French": (
        "Prénom;Nom;Société;Fonction;Adresse e-mail;Téléphone;Adresse;Code postal;Ville;Pays;Site web",
        "first_name,last_name,company,title,email,phone,street,zip,city,country,website",
    ),
    "Spanish": (
        "Nombre;Apellidos;Empresa;Cargo;Correo electrónico;Teléfono;Dirección;Código postal;Ciudad;Provincia;País",
        "first_name,last_name,company,title,email,phone,street,zip,city,state,country",
    ),
    "Italian": (
        "Nome;Cognome;Azienda;Ruolo;Indirizzo e-mail;Telefono;Indirizzo;CAP;Città;Provincia;Paese",
        "first_name,last_name,company,title,email,phone,street,zip,city,state,country",
    ),
    "Dutch": (
        "Voornaam;Achternaam;Bedrijfsnaam;Functie;E-mailadres;Telefoonnummer;Straat;Postcode;Plaats;Land",
        "first_name,last_name,company,title,email,phone,street,zip,city,country",
    ),
    "Portuguese": (
        "Nome;Sobrenome;Empresa;Cargo;E-mail;Celular;Endereço;CEP;Cidade;Estado;País",
        "first_name,last_name,company,title,email,phone,street,zip,city,state,country",
    ),
    "Polish": (
        "Imię;Nazwisko;Nazwa firmy;Stanowisko;Adres e-mail;Telefon;Ulica;Kod pocztowy;Miasto;Kraj",
        "first_name,last_name,company,title,email,phone,street,zip,city,country",
    ),
    "Swedish": (
        "Förnamn;Efternamn;Företag;Befattning;E-post;Telefonnummer;Gatuadress;Postnummer;Postort;Land",
        "first_name,last_name,company,title,email,phone,street,zip,city,country",
    ),
}
SAMPLES = {"email": ("jane@acme.example",), "linkedin": ("https://www.linkedin.com/in/jane",)}


@pytest.mark.parametrize("export", EXPORTS)
def test_the_columns_of_an_export_are_recognised(export):
    header, uses = (line.split(";" if ";" in line else ",") for line in EXPORTS[export])
    columns = [Column(name, SAMPLES.get(use, ("x",))) for name, use in zip(header, uses, strict=True)]

    assert [suggestion.use for suggestion in suggest(columns)] == uses


def test_content_tells_what_names_do_not():
    columns = [
        Column("Column 1", ("jane@acme.example", "joe@acme.example")),
        Column("Column 2", ("+1 504-621-8927", "(504) 845 1427")),
        Column("Column 3", ("https://acme.example", "www.beta.example")),
        Column("Column 4", ("https://linkedin.com/in/jane",)),
        Column("Column 5", ("Europe/Berlin",)),
        Column("Column 6", ("whatever",)),
        Column("Column 7"),
    ]

    assert [s.use for s in suggest(columns)] == [
        T.EMAIL,
        T.PHONE,
        T.WEBSITE,
        T.LINKEDIN,
        T.TIMEZONE,
        CUSTOM,
        CUSTOM,
    ]
    assert suggest(columns)[0].reason == "its values are e-mail addresses"


def test_content_contradicts_a_name():
    columns = [Column("Email", ("yes", "no")), Column("Contact", ("jane@acme.example",))]

    assert [s.use for s in suggest(columns)] == [CUSTOM, T.EMAIL]


def test_the_columns_that_a_rejects_file_adds_are_left_out_when_it_comes_back():
    columns = [Column("E-mail", ("jane@acme.example",)), Column("row", ("7",)), Column("reason", ("x",))]

    assert [s.use for s in suggest(columns)] == [T.EMAIL, IGNORE, IGNORE]


def test_the_second_address_is_a_custom_field():
    columns = [Column("Personal email", ("j@home.example",)), Column("Email", ("jane@acme.example",))]

    assert [s.use for s in suggest(columns)] == [CUSTOM, T.EMAIL]


def test_a_mapping_survives_its_json():
    mapping = Mapping((("E-mail", T.EMAIL), ("Budget", CUSTOM), ("x", IGNORE)))

    assert Mapping.from_json(mapping.to_json()) == mapping


@pytest.mark.parametrize(
    ("uses", "sentence"),
    [
        ((), "Choose the column that holds the e-mail address."),
        ((("a", CUSTOM),), "Choose the column that holds the e-mail address."),
        ((("a", T.EMAIL), ("b", T.EMAIL)), "Only one column can be the e-mail address; 2 are."),
        (
            (("a", T.EMAIL), ("b", T.FIRST_NAME), ("c", T.FIRST_NAME)),
            "Only one column can be the first name; 2 are.",
        ),
        ((("a", T.EMAIL), ("a", CUSTOM)), "Two columns have the same name."),
    ],
)
def test_a_mapping_that_cannot_be_imported_is_refused(uses, sentence):
    with pytest.raises(MappingError) as refusal:
        Mapping(uses)

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '[["a"]]', '[["a","email","x"]]', '[["a","nonsense"]]', "null", "7"]
)
def test_a_mapping_from_elsewhere_is_refused(text):
    with pytest.raises(MappingError):
        Mapping.from_json(text)


def test_suggestions_become_a_mapping():
    found = suggest([Column("E-mail", ("a@b.example",)), Column("Budget", ("9",))])

    assert found[1] == Suggestion("Budget", CUSTOM, "it is kept under its own name")
    assert Mapping.of(found).uses == (("E-mail", T.EMAIL), ("Budget", CUSTOM))


def test_a_column_with_some_addresses_is_the_address_where_no_other_is():
    found = suggest([Column("Who", ("Ann", "n/a", "ann@looms.test")), Column("Town", ("Ulm",))])

    assert [each.use for each in found] == [Target.EMAIL, Target.CITY]
