"""The names that columns of people's own tables have for who did what when, in several languages.

Each name is in small letters and without separators: "Member ID", `member_id` and `memberId` are one name.
"""

import re
from collections.abc import Iterable

_SEPARATORS = re.compile(r"[\W_]+")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _joined(firsts: Iterable[str], seconds: Iterable[str]) -> frozenset[str]:
    """Each first word alone and before each second word."""
    return frozenset(first + second for first in firsts for second in ("", *seconds))


_PEOPLE = _words("""
    user usr member customer cust client person people subscriber player contact buyer shopper student learner employee
    patient profile guest individual consumer appuser enduser distinct who
    사용자 회원 고객 유저 이용자 구매자 가입자 ユーザー ユーザ 会員 顧客 用户 会员 客户
    benutzer nutzer kunde kunden mitglied utilisateur usuario cliente usuária usuário utente gebruiker klant
""")
_IDS = _words(
    "id ids no nr num number key code uid uuid guid ident identifier ref pk 아이디 번호 키 编号 番号 nummer numéro"
)
_EVENTS = _words("""
    event action activity behavior behaviour what verb
    이벤트 행동 액션 활동 동작 イベント アクション 行動 事件 动作 行为
    ereignis aktion evento événement evenement acción accion ação gebeurtenis
""")
_NAMES = _words("name type title label kind 이름 명 유형 종류 名 名称 类型")
_HAPPENED = _words(
    "event action activity happened occurred created recorded logged tracked performed 이벤트 발생 생성 기록"
)
_TIMES = _words("time timestamp ts date datetime tstamp 시간 시각 일시 날짜 일자")

PERSON = _joined(_PEOPLE, _IDS) | {"uid", "userkey", "loginid"}
EMAIL = frozenset(_words("email emailaddress mail useremail customeremail memberemail 이메일 メール 邮箱"))
"""An address says who did it where no column holds an id."""
ANONYMOUS = _joined(_words("anonymous anon device visitor cookie browser"), ["id"]) - {"device", "cookie", "browser"}
EVENT = _joined(_EVENTS, _NAMES) | {"whathappened"}
TIME = frozenset(_TIMES) | frozenset(when + word for when in _HAPPENED for word in (*_TIMES, "at", "on", "utc"))
TIME |= frozenset(
    _words("""
    when utctime timeutc timestamputc datetimeutc clienttime clienttimestamp servertime localtime
    時間 時刻 日時 日付 时间 日期 时间戳 zeit zeitpunkt zeitstempel datum fecha hora fechahora heure horodatage data
""")
)
PROPERTIES = frozenset(_words("properties props eventproperties attributes params parameters payload data json 속성"))
"""Where several columns hold JSON, that of one of these names has the properties."""


def named(columns: Iterable[str], names: frozenset[str]) -> list[str]:
    """The columns that have one of these names."""
    return [column for column in columns if _SEPARATORS.sub("", column).lower() in names]
