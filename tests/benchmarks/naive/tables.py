"""The tables of the naive pipeline, as objects: a lead, an open deal, a seller, and who was given what."""

import os
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, create_engine, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

#: Where the tables are; set by who starts the worker.
DATABASE = "BENCH_NAIVE_DATABASE"
AREAS, SELLERS, COMPANIES = 50, 500, 20_000


class Table(DeclarativeBase):
    """What the tables have in common."""

    type_annotation_map = {dict[str, Any]: JSONB, int: BigInteger}  # noqa: RUF012  SQLAlchemy's own form


class Lead(Table):
    """A lead and how far it has come."""

    __tablename__ = "lead"
    lead_id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    domain: Mapped[str]
    company: Mapped[str]
    country: Mapped[str | None]
    employees: Mapped[int]
    segment: Mapped[str]
    area: Mapped[int]
    score: Mapped[int]
    status: Mapped[str] = mapped_column(server_default="new")
    deal_id: Mapped[int | None]
    submission: Mapped[dict[str, Any]]
    captured_at: Mapped[datetime] = mapped_column(server_default=func.now())
    armed_at: Mapped[datetime | None]


class Deal(Table):
    """An opportunity of a company."""

    __tablename__ = "deal"
    __table_args__ = (Index("deal_open", "domain", postgresql_where=text("is_open")),)
    deal_id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str]
    seller_id: Mapped[int]
    is_open: Mapped[bool]


class Seller(Table):
    """Somebody who sells in an area."""

    __tablename__ = "seller"
    __table_args__ = (Index("seller_load", "area", "open_leads"),)
    seller_id: Mapped[int] = mapped_column(primary_key=True)
    area: Mapped[int]
    open_leads: Mapped[int] = mapped_column(server_default="0")


class Assignment(Table):
    """Who was given a lead, and why."""

    __tablename__ = "assignment"
    assignment_id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.lead_id"), unique=True)
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.seller_id"))
    reason: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(server_default=func.now())
    accepted_at: Mapped[datetime | None]


def _url() -> str:
    return os.environ.get(DATABASE, "postgresql://localhost/naive").replace("postgresql://", "postgresql+psycopg://", 1)


Session = sessionmaker(create_engine(_url(), pool_size=2), expire_on_commit=False)


def fill() -> None:
    """Make the tables, the sellers, and an open deal for three of ten companies."""
    engine = create_engine(_url())
    Table.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO seller (seller_id, area) SELECT n, n % :areas FROM generate_series(1, :sellers) AS n"),
            {"areas": AREAS, "sellers": SELLERS},
        )
        connection.execute(
            text(
                "INSERT INTO deal (domain, seller_id, is_open) "
                "SELECT 'company' || n || '.example', 1 + n % :sellers, true "
                "FROM generate_series(0, :companies - 1) AS n WHERE n % 10 < 3"
            ),
            {"sellers": SELLERS, "companies": COMPANIES},
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
