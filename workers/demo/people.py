"""Invented people: names as they are written, and as they stand in an e-mail address."""

import random
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist; `address` is the name in letters that mail servers take."""

    first_name: str
    last_name: str
    address: str


#: Given names and family names by language; "written=address" where letters alone would not tell how it is typed.
_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "en": (
            "Ava Noah Mia Liam Ruth Owen Cleo Jude Iris Hugh Tess Cole Nell Dean Faye Ross Joan Kurt Beth Seth",
            "Hartwell Brisbane Caldwell Draper Ellsworth Farrow Gaines Holloway Ingram Jarvis Kendrick Lomax Norwood",
        ),
        "de": (
            "Jürgen=juergen Anke Sönke=soenke Heike Ulrich Birgit Lars Wiebke Matthias Grete",
            "Vogelsang Krüger=krueger Weißbach=weissbach Hölscher=hoelscher Obermann Reinke Ziegler Matthes Brandau",
        ),
        "fr": (
            "Amélie Benoît Chloé Didier Élise Gaëlle Hervé Léa Rémi Sylvie",
            "Lefèvre Besançon Charpentier Delacourt Fournel Guérin Marchais Périer Rousselot Vauclair",
        ),
        "es": (
            "Íñigo Marisol Joaquín Begoña Ramón Ximena Raúl Nuria Andrés Lucía",
            "Peñalver Ibáñez Cordobés Zubiri Alarcón Montesinos Quiroga Saavedra Urrutia Llorente",
        ),
        "nl": (
            "Joost Maaike Sjoerd Femke Bram Lotte Gijs Anouk Teun Marit",
            "Hoekstra Vermeulen Zijlstra Brouwer Dijksma Kuipers Meulenbelt Postma Terpstra Wagenaar",
        ),
        "sv": (
            "Åsa=asa Björn Ebba Göran Ylva Nils Saga Torsten Märta Elof",
            "Sjöström Åkerblom=akerblom Lundqvist Hedlund Wickman Norén Ståhlberg Öberg=oberg Falk Rydell",
        ),
        "ja": (
            "陽子=yoko 健太=kenta 美咲=misaki 大輔=daisuke 千尋=chihiro 直樹=naoki 明日香=asuka 浩二=koji",
            "東雲=shinonome 月岡=tsukioka 霧島=kirishima 鳴海=narumi 花村=hanamura 速水=hayami 望月=mochizuki",
        ),
        "el": (
            "Ελένη=eleni Νίκος=nikos Σοφία=sofia Γιώργος=giorgos Μαρίνα=marina Πέτρος=petros",
            "Καραμήτρος=karamitros Λαζαρίδη=lazaridi Βασιλάκος=vasilakos Ανδρέου=andreou Στεφάνου=stefanou",
        ),
    }
)
#: Which of these languages somebody in a country most likely has; English elsewhere.
_SPOKEN = MappingProxyType(
    {"DE": "de", "AT": "de", "CH": "de", "FR": "fr", "BE": "fr", "LU": "fr", "ES": "es", "MX": "es", "NL": "nl"}
    | {"SE": "sv", "FI": "sv", "JP": "ja", "GR": "el"}
)
LANGUAGES = frozenset(_NAMES)


def language_of(country: str | None) -> str:
    """Return the language in which we let somebody of a country fill in a form."""
    return _SPOKEN.get(country or "", "en")


def invent(rng: random.Random, language: str) -> Person:
    """Return somebody with a name of the language."""
    given, family = (rng.choice(names.split()) for names in _NAMES[language])
    first, last = given.partition("=")[0], family.partition("=")[0]
    return Person(first, last, f"{_typed(given)}.{_typed(family)}")


def _typed(name: str) -> str:
    written, _, address = name.partition("=")
    plain = unicodedata.normalize("NFKD", address or written)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()
