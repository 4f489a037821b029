"""Writes the `leads` row of a story, with the dirt that careless people and old imports leave in one."""

from datetime import datetime, timedelta

from datasources.seed import vocabulary as words
from datasources.seed.chance import Chance
from datasources.seed.identifiers import gst_number, mobile_number, pan_number
from datasources.seed.people import MAIL_DOMAINS, firm_name, person
from datasources.seed.rows import Row
from datasources.seed.stories import LOST, Story
from datasources.seed.team import DEMO_SALESPERSON_ID, LOOKALIKE_SALESPERSON_IDS, Team

# From to; a lead's probability in percent.
PROBABILITY = {
    "New": (0, 10),
    "Qualified": (15, 30),
    "Demo": (30, 50),
    "Proposal": (50, 70),
    "Trial": (70, 90),
    "Won": (100, 100),
    "Lost": (0, 0),
}
# The database must not take any of these for a warrior: not MySQL's numeric conversion, nor its collations'
# idea of equal (other digits, trailing spaces), nor a text prefix.
RUBBISH_OWNERS = (
    "", " ", "0", "-5", "5abc", "5.0", "05", "+5", "5,6", "5 6", "x5", "٥", "５", "5e0", "0x5",
    "N/A", "unassigned", "' or 1=1 --", "99999", "4294967301",
)  # fmt: skip
# A whole id with spaces around it.
SPACED_OWNERS = ("{} ", " {}", " {} ")
RUBBISH_LISTS = ("", ",", " ", "x", "0", "2x, x2", "12;2", "2.0", "-2", "NULL", "[2]", "99999,,", "２")
HOT = ("Hot", "Warm", "Cold")
LONG_REMARK = "बहुत लंबी टिप्पणी – a very long remark. " * 700


class LeadWriter:
    """Writes lead rows; remembers which companies already have a lead with an empty address."""

    def __init__(self, seed: int, plan_ids: tuple[int, ...], team: Team) -> None:
        self._chance = Chance(seed, "lead rows")
        self._plan_ids = plan_ids
        self._team = team
        self._blank_mail: set[int] = set()

    def write(self, story: Story) -> Row:
        """The row of `leads`, every column of it."""
        return {
            "id": story.lead_id,
            **self._contact(story),
            **self._business(story),
            **self._assignment(story),
            **self._plan(story),
            **self._deal(story),
            **self._audit(story),
        }

    def _contact(self, story: Story) -> Row:
        chance, who = self._chance, story.who
        imported = chance.happens(0.3)
        other = person(chance) if imported else who
        return {
            "firm_name": None if chance.happens(0.01) else firm_name(chance),
            "company_id": story.company_id,
            "crm_company_id": story.company_id * 10 + 1 if chance.happens(0.3) else None,
            "client_first_name": chance.pick_or_none(
                (who.first, who.first, who.first.upper(), f" {who.first}"), 0.02
            ),
            "client_last_name": None if chance.happens(0.05) else "" if chance.happens(0.02) else who.last,
            "client_email_id": self._email(story),
            "client_mobile_no": self._mobile(story),
            "whatsapp_number": story.phone[:20] if chance.happens(0.6) else None,
            "integration_first_name": other.first if imported else None,
            "integration_last_name": other.last if imported else None,
            "integration_mobile_no": mobile_number(chance) if imported else None,
            "integration_email_id": other.address(story.lead_id, "fb.example.com") if imported else None,
        }

    def _email(self, story: Story) -> str | None:
        """Unique with the company, as the index wants; each malformed one carries the lead's id, too."""
        chance, number = self._chance, story.lead_id
        draw = chance.share()
        if draw < 0.03:
            return None
        if draw < 0.04 and story.company_id not in self._blank_mail:
            self._blank_mail.add(story.company_id)
            return ""
        if draw < 0.07:
            return chance.pick(
                (
                    f"na-{number}",
                    f"ravi@@gmail{number}",
                    f"राम{number}@उदाहरण.भारत",
                    f"x{number}@ ",
                    f"@{number}",
                )
            )
        address = story.who.address(number, chance.pick(MAIL_DOMAINS))
        return address.upper() if draw < 0.1 else address

    def _mobile(self, story: Story) -> str | None:
        draw = self._chance.share()
        if draw < 0.03:
            return None
        if draw < 0.07:
            return self._chance.pick(
                ("", "0000000000", "12345", "call after 6", "९८७६५४३२१०", "98765-43210 / 98765-43211")
            )
        return story.phone

    def _business(self, story: Story) -> Row:
        chance = self._chance
        erp = chance.pick_or_none(words.ERPS, 0.07)
        number = story.lead_id
        return {
            "industry": chance.pick_or_none(words.INDUSTRIES, 0.05),
            "website": chance.pick_or_none(
                (f"https://www.firm{number}.example.in", f"firm{number}.example.in", "-", ""), 0.4
            ),
            "erp": erp,
            "erp_version": chance.pick_or_none(words.ERP_VERSIONS.get(erp or "", ("unknown",)), 0.3),
            "gstno": self._gst(story),
            "platform_id": {"facebook": f"fb-{number}", "form": ["lead", number % 7]}
            if chance.happens(0.3)
            else None,
            "source": chance.pick_or_none(words.SOURCES, 0.03),
            "pain_point": chance.pick_or_none(words.PAIN_POINTS, 0.4),
            "remarks": LONG_REMARK if number % 1500 == 77 else chance.pick_or_none(words.REMARKS, 0.4),
            "adset_name": chance.pick_or_none(words.CAMPAIGNS, 0.6),
            "drive_location": drive_location(number),
            "no_of_subcompanies": chance.pick_or_none((0, 1, 1, 2, 5, 12), 0.4),
        }

    def _gst(self, story: Story) -> str | None:
        chance = self._chance
        draw = chance.share()
        if draw < 0.35:
            return None
        return "URP" if draw < 0.38 else gst_number(story.gst_state, pan_number(chance))

    def _assignment(self, story: Story) -> Row:
        return {"warrior_id": self._warrior_id(story), "shared_salesperson_id": self._shared(story)}

    def _warrior_id(self, story: Story) -> str | None:
        chance = self._chance
        if story.owner is not None:
            written = str(story.owner.warrior_id)
            return chance.pick(SPACED_OWNERS).format(written) if chance.happens(0.004) else written
        draw = chance.share()
        if draw < 0.3:
            return None
        return (
            str(chance.pick(self._team.inactive_warrior_ids)) if draw < 0.6 else chance.pick(RUBBISH_OWNERS)
        )

    def _shared(self, story: Story) -> str | None:
        chance = self._chance
        draw = chance.share()
        if draw > 0.14:
            return None
        if draw < 0.012:
            return chance.pick(RUBBISH_LISTS)
        if draw < 0.018:
            return ",".join(map(str, LOOKALIKE_SALESPERSON_IDS))
        ids = chance.sample(self._team.salesperson_ids, chance.between(1, 3))
        if draw < 0.026 and DEMO_SALESPERSON_ID not in ids:
            ids.append(DEMO_SALESPERSON_ID)
        return self._list(ids)

    def _list(self, ids: list[int]) -> str:
        style = self._chance.below(6)
        if style == 0:
            return " " + " ,".join(map(str, ids)) + ",,x"
        return (", " if style == 1 else ",").join(map(str, ids))

    def _plan(self, story: Story) -> Row:
        chance = self._chance
        customer = story.reached == "Won"
        expiry = story.steps[-1].on.date() + timedelta(days=365) if customer else None
        crm = chance.happens(0.1)
        return {
            "price_plan_id": chance.pick(self._plan_ids)
            if customer
            else 99
            if chance.happens(0.01)
            else None,
            "plan_expiry_date": expiry,
            "user_count": chance.pick((2, 3, 5, 10, 25)) if customer else None,
            "crm_price_plan_id": chance.pick(self._plan_ids) if crm else None,
            "crm_plan_expiry_date": story.created.date() + timedelta(days=400) if crm else None,
            "crm_user_count": chance.between(1, 20) if crm else None,
            "paid": None if chance.happens(0.005) else customer and chance.happens(0.9),
            "is_user": None if chance.happens(0.005) else customer,
        }

    def _deal(self, story: Story) -> Row:
        chance, reached = self._chance, story.reached
        qualified = reached not in ("New", LOST)
        won = reached == "Won"
        return {
            "status": story.status,
            "lead_status": chance.pick_or_none(HOT, 0.5),
            "reason_for_lost": chance.pick(words.LOST_REASONS) if reached == LOST else None,
            "qualified": None if chance.happens(0.005) else qualified,
            "qualified_by": str(story.steps[-1].by) if qualified and story.steps[-1].by else None,
            "probability": None if chance.happens(0.005) else chance.between(*PROBABILITY[reached]),
            "tentative_value": self._value(reached),
            "converted_to_customer_on": story.steps[-1].on if won else None,
        }

    def _value(self, reached: str) -> int | None:
        chance = self._chance
        if chance.happens(0.01):
            return None
        if reached in ("New", LOST) and chance.happens(0.5):
            return 0
        # Cubed: mostly small deals, a few of millions.
        return 5000 + int(chance.share() ** 3 * 5000) * 500

    def _audit(self, story: Story) -> Row:
        chance, last = self._chance, story.steps[-1]
        changed = len(story.steps) > 1
        author = story.owner.user_id if story.owner else chance.pick_or_none(self._team.staff_user_ids, 0.2)
        imported = chance.happens(0.1)
        return {
            "favourite": chance.pick_or_none((0, 0, 0, 0, 0, 1), 0.01),
            "is_deleted": 1 if chance.happens(0.03) else None if chance.happens(0.003) else 0,
            "excel_created_on": self._imported_on(story, imported),
            "created_on": None if chance.happens(0.002) else story.created,
            "changed_on": last.on if changed else None,
            "created_by": author,
            "changed_by": last.by if changed else None,
        }

    def _imported_on(self, story: Story, imported: bool) -> datetime | None:
        if self._chance.happens(0.005):
            return None
        return story.created - timedelta(days=30) if imported else datetime(1900, 1, 1)


def drive_location(lead_id: int) -> str | None:
    """Where a lead's files are, under `leads/`, for the few that have a place of their own."""
    if lead_id % 400 == 21:
        return f"drive/फ़ाइलें {lead_id}"
    # What a careless or malicious client wrote; it must not lead anywhere.
    return {35: "../companies/3", 36: "/leads/1/", 37: "", 38: "drive//./x"}.get(lead_id)
