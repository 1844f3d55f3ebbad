"""Which of a mailbox's folders are the inbox, the junk folder and the folder of sent mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize


class Role(StrEnum):
    """What a folder is for; the values are stored."""

    INBOX = "inbox"
    JUNK = "junk"
    SENT = "sent"


@dataclass(frozen=True)
class Folder:
    """A folder as the user sees its name."""

    name: str
    role: Role


@dataclass(frozen=True)
class Listed:
    """A row of the LIST answer."""

    name: str
    delimiter: str
    flags: frozenset[str]


FLAGS = {Role.JUNK: r"\junk", Role.SENT: r"\sent"}
UNUSABLE = frozenset({r"\noselect", r"\nonexistent"})

# The last part of the name, as common servers and mail programs write it, for servers without SPECIAL-USE.
NAMES = {
    Role.SENT: """
        sent|sent items|sent mail|sent messages|sent-mail|gesendet|gesendete elemente|gesendete objekte
        |gesendete nachrichten|envoyés|éléments envoyés|messages envoyés|courrier envoyé|enviados
        |elementos enviados|correo enviado|mensajes enviados|enviadas|itens enviados|mensagens enviadas
        |posta inviata|inviati|verzonden|verzonden items|verzonden berichten|skickat|skickade objekt
        |skickade|sendt|sendte elementer|sendt post|lähetetyt|lähetetyt viestit|wysłane|elementy wysłane
        |odeslané|odeslaná pošta|odoslané|odoslaná pošta|elküldött|elküldött elemek|trimise
        |elemente trimise|poslano|poslane stavke|изпратени|отправленные|надіслані|απεσταλμένα
        |gönderilmiş öğeler|gönderilenler|דואר שנשלח|البريد المرسل|العناصر المرسلة|已发送|已发送邮件
        |已傳送郵件|寄件備份
        |送信済み|送信済みアイテム|送信済みメール|보낸편지함|보낸 편지함|đã gửi|terkirim""",
    Role.JUNK: """
        junk|junk e-mail|junk email|junk mail|spam|bulk|bulk mail|spamverdacht|unerwünscht
        |unerwünschte werbung|junk-e-mail|courrier indésirable|indésirables|pourriel|correo no deseado
        |no deseado|lixo eletrônico|lixo eletrónico|lixo|posta indesiderata|indesiderata
        |ongewenste e-mail|ongewenst|skräppost|søppelpost|uønsket mail|uønsket e-post|roskaposti
        |roskapostit|wiadomości-śmieci|niechciane|nevyžádaná pošta|nevyžiadaná pošta|levélszemét
        |mesaje nedorite|neželena pošta|нежелана поща|спам|нежелательная почта|небажана пошта
        |ανεπιθύμητη αλληλογραφία|önemsiz e-posta|istenmeyen|דואר זבל|البريد غير الهام|垃圾邮件|垃圾郵件
        |迷惑メール|스팸|스팸메일함|정크 메일|thư rác""",
}
KNOWN = {normalize("NFC", name.strip()): role for role, names in NAMES.items() for name in names.split("|")}


def chosen(rows: Iterable[Listed]) -> list[Folder]:
    """INBOX, and one folder each for junk and sent mail where there is one: by flag, else by name."""
    usable = [row for row in rows if not row.flags & UNUSABLE]
    folders = [Folder(row.name, Role.INBOX) for row in usable if row.name.upper() == "INBOX"][:1]
    for role, flag in FLAGS.items():
        flagged = [row for row in usable if flag in row.flags]
        named = [row for row in usable if known_role(row) is role]
        folders += [Folder(row.name, role) for row in (flagged or named)[:1]]
    return folders


def known_role(row: Listed) -> Role | None:
    last = row.name.rsplit(row.delimiter, 1)[-1] if row.delimiter else row.name
    return KNOWN.get(normalize("NFC", last).casefold().strip())
