"""What the statements mean that the binary log has besides rows."""

from __future__ import annotations

import pytest

from datasources.engines.mysql_binlog_statements import Meaning, Meant, meant, mentions


@pytest.mark.parametrize(
    ("statement", "meaning", "name"),
    [
        ("BEGIN", Meaning.BEGIN, ""),
        ("/* app */ commit;", Meaning.COMMIT, ""),
        ("ROLLBACK", Meaning.ROLLBACK, ""),
        ("SAVEPOINT `Here`", Meaning.SAVEPOINT, "here"),
        ("ROLLBACK TO `Here`", Meaning.ROLLBACK_TO, "here"),
        ("ROLLBACK WORK TO SAVEPOINT here", Meaning.ROLLBACK_TO, "here"),
        ("XA START X'61',X'',1", Meaning.BEGIN, "61,"),
        ("XA END X'61',X'62',1", Meaning.XA_END, "61,62"),
        ("XA COMMIT X'6B',X'',1", Meaning.XA_COMMIT, "6b,"),
        ("XA ROLLBACK X'61',X'',1", Meaning.XA_ROLLBACK, "61,"),
        ("update leads set status = 1", Meaning.CHANGE, ""),
        ("-- a word\nINSERT INTO leads VALUES (1)", Meaning.CHANGE, ""),
        ("ALTER TABLE leads ADD x int", Meaning.DEFINITION, ""),
        ("alter online table leads drop x", Meaning.DEFINITION, ""),
        ("/*!50001 ALTER TABLE leads ADD x int */", Meaning.DEFINITION, ""),
        ("RENAME TABLE leads TO l, k TO leads", Meaning.DEFINITION, ""),
        ("DROP TABLE IF EXISTS `leads`", Meaning.DEFINITION, ""),
        ("CREATE OR REPLACE TABLE leads (id int)", Meaning.DEFINITION, ""),
        ("CREATE VIEW v AS SELECT * FROM leads", Meaning.DEFINITION, ""),
        ("CREATE UNIQUE INDEX i ON leads (id)", Meaning.HARMLESS, ""),
        (
            "CREATE DEFINER=`a`@`%` TRIGGER t BEFORE UPDATE ON leads FOR EACH ROW SET @x = 1",
            Meaning.HARMLESS,
            "",
        ),
        ("ANALYZE TABLE leads", Meaning.HARMLESS, ""),
        ("GRANT SELECT ON iperform.leads TO x", Meaning.HARMLESS, ""),
    ],
)
def test_a_statement_means_one_thing(statement: str, meaning: Meaning, name: str) -> None:
    assert meant(statement) == Meant(meaning, name)


def test_a_table_is_mentioned_by_its_whole_name() -> None:
    found = mentions(["leads", "lead_status"])
    assert found.findall("alter table `iperform`.`Leads` add x int") == ["Leads"]
    assert found.findall("rename table lead_status to x, my_leads to leads2, $leads to y") == ["lead_status"]
