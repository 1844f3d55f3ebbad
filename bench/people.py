"""Rows as a sales team's export has them: seeded, so that every run reads the same file."""

from __future__ import annotations

import random
from collections.abc import Iterator

HEADER = "First Name,Last Name,Email,Company,Job Title,Phone,Website,City,Country,Industry,Employees\n"


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words("""
    Ada Alan Amara Anna Astrid Barbara Bjarne Carla Chen Dana Donald Edsger Elena Emil Fatima
    Frances Grace Hedy Ines Ivan Jana John Jorge Karen Katherine Kofi Lars Leila Linus Lucia Luis
    Margaret Maria Marta Mei Mina Nadia Niklaus Noor Olga Omar Paula Pavel Priya Radia Rosa Ruth
    Sara Shafi Sven Tariq Tim Vera Yuki Zoë
""")
LAST = _words("""
    Adams Allen Baker Becker Bianchi Brown Castro Clark Costa Diaz Dijkstra Evans Fischer Fournier
    Garcia Goldberg Hall Hansen Hoffmann Hopper Ivanova Jackson Jansen Johnson Kaya Keller Khan Kim
    Kowalski Lamarr Larsson Lee Lopez Lovelace Martin Meyer Moreau Müller Nakamura Nguyen Novak
    Okafor Olsen Perlman Petrov Rossi Santos Sato Schmidt Schneider Silva Singh Smith Tanaka
    Torvalds Turing Wagner Weber Wilson Wirth Young
""")
FIRM = _words("""
    Acme Alpine Apex Atlas Aurora Beacon Bluewater Bright Cedar Cobalt Copper Crown Delta Eagle
    Ember Falcon Granite Harbor Horizon Iron Juniper Keystone Lakeside Lighthouse Maple Meridian
    North Oak Orchid Pioneer Quantum River Saffron Silver Summit Timber Union Vertex Willow Zenith
""")
TRADE = _words("""
    Analytics Bearings Books Chemicals Components Consulting Dairy Dynamics Electric Engines Foods
    Freight Furniture Glass Instruments Labs Logistics Looms Machines Media Mills Motors Optics
    Packaging Paper Pharma Plastics Pumps Robotics Software Solar Steel Supplies Systems Textiles
    Tools Travel Valves Windows Works
""")
RANK = ("Head of", "Director of", "Vice President of", "Manager of", "Senior Manager of", "Chief of")
AREA = _words("""
    Sales Marketing Operations Procurement Finance Engineering Logistics Quality Production Design
    Support Research Security Data Compliance Partnerships
""")
PLACES = (
    ("Berlin", "Germany"), ("Lyon", "France"), ("Porto", "Portugal"), ("Leeds", "United Kingdom"),
    ("Austin", "United States"), ("Denver", "United States"), ("Toronto", "Canada"), ("Pune", "India"),
    ("Osaka", "Japan"), ("Gdańsk", "Poland"), ("Turin", "Italy"), ("Malmö", "Sweden"),
)  # fmt: skip
INDUSTRIES = _words("Manufacturing Software Retail Healthcare Logistics Energy Education Finance")


def people(count: int, seed: int = 7) -> Iterator[str]:
    """So many lines of a CSV, without its header; no address comes twice."""
    chance = random.Random(seed)
    for number in range(count):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        firm, trade = chance.choice(FIRM), chance.choice(TRADE)
        domain = f"{firm}-{trade}{chance.randrange(9)}.example".lower()
        city, country = chance.choice(PLACES)
        local = f"{first[:1]}.{last}{number}".lower().encode("ascii", "ignore").decode()
        yield (
            f"{first},{last},{local}@{domain},{firm} {trade},{chance.choice(RANK)} {chance.choice(AREA)},"
            f"+49 30 {chance.randrange(10**6, 10**7)},www.{domain},{city},{country},"
            f"{chance.choice(INDUSTRIES)},{chance.choice((12, 45, 180, 900, 4000))}\n"
        )


def people_csv(count: int, seed: int = 7) -> bytes:
    """The whole file."""
    return (HEADER + "".join(people(count, seed))).encode()
