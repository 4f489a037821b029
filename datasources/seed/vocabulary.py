"""Words that the generated estate is made of: people, firms, places, products, sentences. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is written, and its Latin letters for addresses."""

    written: str
    latin: str


@dataclass(frozen=True, slots=True)
class City:
    """A city, its state, and the state's number in a GST number."""

    name: str
    state: str
    gst_state: str


def _same(*names: str) -> tuple[Name, ...]:
    return tuple(Name(name, name.lower()) for name in names)


def _pairs(**names: str) -> tuple[Name, ...]:
    return tuple(Name(written, latin) for latin, written in names.items())


LATIN_FIRST = _same(
    "Aarav", "Aditi", "Amit", "Ananya", "Anil", "Arjun", "Asha", "Deepak", "Divya", "Farhan",
    "Gaurav", "Geeta",
    "Harish", "Isha", "Kavita", "Kiran", "Lakshmi", "Manish", "Meera", "Mohan", "Neha", "Nikhil",
    "Pooja", "Prakash",
    "Priya", "Rahul", "Rajesh", "Ritu", "Rohan", "Sandeep", "Sanjay", "Shreya", "Sneha", "Sunil",
    "Suresh", "Tanvi",
    "Varun", "Vidya", "Vikram", "Yash",
)  # fmt: skip
LATIN_LAST = _same(
    "Agarwal", "Bansal", "Bhatt", "Chauhan", "Chopra", "Das", "Desai", "Deshpande", "Fernandes",
    "Ghosh", "Gupta",
    "Iyer", "Jain", "Joshi", "Kapoor", "Khan", "Kulkarni", "Malhotra", "Mehta", "Menon", "Mishra",
    "Mukherjee",
    "Nair", "Naidu", "Pandey", "Patel", "Patil", "Pillai", "Rao", "Reddy", "Saxena", "Shah",
    "Sharma", "Shetty",
    "Singh", "Sinha", "Trivedi", "Verma", "Yadav",
)  # fmt: skip
ACCENTED_FIRST = (Name("José", "jose"), Name("Zoë", "zoe"), Name("René", "rene"), Name("Björn", "bjorn"))
ACCENTED_LAST = (
    Name("D'Souza", "dsouza"),
    Name("O’Brien", "obrien"),
    Name("Müller", "muller"),
    Name("Gonçalves", "goncalves"),
)
DEVANAGARI_FIRST = _pairs(
    rajesh="राजेश",
    sunita="सुनीता",
    vikas="विकास",
    kavita="कविता",
    mohan="मोहन",
    anjali="अंजलि",
    pradeep="प्रदीप",
    seema="सीमा",
)
DEVANAGARI_LAST = _pairs(
    sharma="शर्मा", verma="वर्मा", gupta="गुप्ता", joshi="जोशी", patil="पाटील", mishra="मिश्रा"
)
TAMIL_FIRST = _pairs(murugan="முருகன்", lakshmi="லட்சுமி", karthik="கார்த்திக்", meena="மீனா", selvam="செல்வம்")
TAMIL_LAST = _pairs(subramanian="சுப்பிரமணியன்", rajan="ராஜன்", pillai="பிள்ளை", natarajan="நடராஜன்")
GUJARATI_FIRST = _pairs(hitesh="હિતેશ", jignesh="જીગ્નેશ", bhavna="ભાવના", ketan="કેતન", nisha="નિશા")
GUJARATI_LAST = _pairs(patel="પટેલ", shah="શાહ", mehta="મહેતા", desai="દેસાઈ")
BENGALI_FIRST = _pairs(subrata="সুব্রত", ananya="অনন্যা", debashis="দেবাশিস", mitali="মিতালী", sourav="সৌরভ")
BENGALI_LAST = _pairs(ghosh="ঘোষ", banerjee="ব্যানার্জী", das="দাস", sen="সেন")
URDU_FIRST = _pairs(imran="عمران", ayesha="عائشہ", salim="سلیم", nazia="نازیہ")
URDU_LAST = _pairs(khan="خان", ansari="انصاری", siddiqui="صدیقی", qureshi="قریشی")

# Latin names are the rule; each other script has a share of its own.
SCRIPTS = (
    *((LATIN_FIRST, LATIN_LAST),) * 13,
    (ACCENTED_FIRST, ACCENTED_LAST),
    (DEVANAGARI_FIRST, DEVANAGARI_LAST),
    (DEVANAGARI_FIRST, DEVANAGARI_LAST),
    (TAMIL_FIRST, TAMIL_LAST),
    (GUJARATI_FIRST, GUJARATI_LAST),
    (BENGALI_FIRST, BENGALI_LAST),
    (URDU_FIRST, URDU_LAST),
)

CITIES = (
    City("Mumbai", "Maharashtra", "27"),
    City("Pune", "Maharashtra", "27"),
    City("Nagpur", "Maharashtra", "27"),
    City("Ahmedabad", "Gujarat", "24"),
    City("Surat", "Gujarat", "24"),
    City("Rajkot", "Gujarat", "24"),
    City("New Delhi", "Delhi", "07"),
    City("Gurugram", "Haryana", "06"),
    City("Faridabad", "Haryana", "06"),
    City("Noida", "Uttar Pradesh", "09"),
    City("Kanpur", "Uttar Pradesh", "09"),
    City("Lucknow", "Uttar Pradesh", "09"),
    City("Jaipur", "Rajasthan", "08"),
    City("Udaipur", "Rajasthan", "08"),
    City("Ludhiana", "Punjab", "03"),
    City("Chandigarh", "Chandigarh", "04"),
    City("Indore", "Madhya Pradesh", "23"),
    City("Bhopal", "Madhya Pradesh", "23"),
    City("Patna", "Bihar", "10"),
    City("Kolkata", "West Bengal", "19"),
    City("Howrah", "West Bengal", "19"),
    City("Guwahati", "Assam", "18"),
    City("Bhubaneswar", "Odisha", "21"),
    City("Hyderabad", "Telangana", "36"),
    City("Vijayawada", "Andhra Pradesh", "37"),
    City("Bengaluru", "Karnataka", "29"),
    City("Mysuru", "Karnataka", "29"),
    City("Chennai", "Tamil Nadu", "33"),
    City("Coimbatore", "Tamil Nadu", "33"),
    City("Kochi", "Kerala", "32"),
    City("Panaji", "Goa", "30"),
)

FIRM_STEMS = _same(
    "Shree Ganesh", "Om Sai", "Balaji", "Annapurna", "Bharat", "Ganga", "Himalaya", "Jupiter",
    "Kaveri", "Lotus",
    "Maruti", "Narmada", "Orient", "Pioneer", "Royal", "Sagar", "Sahyadri", "Saraswati",
    "Sterling", "Sunrise",
    "Swastik", "Tirupati", "Udyog", "Vardhman", "Vishal", "Zenith", "A1", "Patel & Sons", "Mehta Brothers",
)  # fmt: skip
NATIVE_FIRMS = (
    Name("श्री गणेश ट्रेडर्स", "shreeganesh"),
    Name("भारत इलेक्ट्रिकल्स", "bharatelectricals"),
    Name("महाराष्ट्र फार्मा", "maharashtrapharma"),
    Name("ஸ்ரீ முருகன் டெக்ஸ்டைல்ஸ்", "murugantextiles"),
    Name("சென்னை எஞ்சினியரிங்", "chennaiengineering"),
    Name("શ્રી અંબિકા ડાયમંડ", "ambikadiamond"),
    Name("પટેલ કેમિકલ્સ", "patelchemicals"),
    Name("মা দুর্গা ভাণ্ডার", "maadurga"),
    Name("কলকাতা টি কোম্পানি", "kolkatatea"),
    Name("لکھنؤ چکن ہاؤس", "lucknowchikan"),
    Name("Café Düsseldorf Imports", "cafedusseldorf"),
    Name("Hôtel São Jorge", "saojorge"),
)
# One firm as careless people type it: case, trailing spaces and accents are all that tells these apart.
FIRM_TWINS = (
    "Shree Ganesh Traders",
    "SHREE GANESH TRADERS",
    "shree ganesh traders ",
    "Shrée Ganésh Traders",
    "Om Sai Textiles",
    "OM SAI TEXTILES",
    "Om Sai Textiles  ",
)
FIRM_KINDS = (
    "Traders", "Textiles", "Pharma", "Engineering Works", "Steel", "Foods", "Chemicals",
    "Electricals", "Logistics",
    "Exports", "Agro", "Polymers", "Ceramics", "Jewellers", "Auto Components", "Packaging",
)  # fmt: skip
FIRM_FORMS = ("", "", " Pvt Ltd", " Pvt. Ltd.", " LLP", " & Co", " Ltd", " Enterprises", " Industries")
INDUSTRIES = (
    "Manufacturing", "Textiles", "Pharmaceuticals", "Wholesale", "Retail", "Automotive",
    "Chemicals", "Food Processing",
    "Steel", "Logistics", "Jewellery", "Construction", "Electronics", "Agriculture", "Packaging",
    "IT Services",
)  # fmt: skip
ERPS = (
    "Tally",
    "Tally",
    "Tally",
    "SAP",
    "Zoho",
    "Busy",
    "Busy",
    "Marg",
    "Oracle NetSuite",
    "Odoo",
    "Microsoft Dynamics",
)
ERP_VERSIONS = {
    "Tally": ("Prime 4.1", "Prime 3.0.1", "ERP 9 Rel 6.6.3"),
    "SAP": ("Business One 10.0", "S/4HANA 2022", "ECC 6.0"),
    "Zoho": ("Books", "Inventory"),
    "Busy": ("21 Rel 9.4", "18"),
    "Marg": ("ERP 9+", "9.1.2"),
}
SOURCES = (
    "Facebook",
    "Facebook",
    "Google Ads",
    "Manual",
    "API",
    "Referral",
    "IndiaMART",
    "Trade Fair",
    "Website",
    "LinkedIn",
)
CAMPAIGNS = (
    "FB | Tally users | Maharashtra | Q1",
    "Diwali offer – dashboards",
    "Lookalike 1% CFO",
    "GST season retarget",
    "SAP B1 mobile reports",
    "தமிழ்நாடு உற்பத்தி",
    'Retail owners 35-55 "warm"',
)
TERRITORIES = ("West", "South", "North", "East")

PAIN_POINTS = (
    "Reports reach the owner two days late.",
    "Stock in Tally never matches the godown.",
    "Outstanding follow-up is done on paper.",
    "Ten branches, ten spreadsheets 😩",
    "मालिक को मोबाइल पर रिपोर्ट चाहिए",
    'The auditor asks for "bill-wise" ageing; nobody can print it.',
    "விற்பனை அறிக்கை தாமதமாக வருகிறது",
    "GST mismatch every month, 3B against 2A",
)
REMARKS = (
    "Call after 5 pm.",
    "Wants a demo with the CA present.",
    "Price is the issue; asked for 20% off.",
    "<b>HOT</b> lead, <script>alert('x')</script> pasted from the web form",
    'Owner travels; speak to the accountant, Mr. O\'Brien; "very" polite.',
    "दिवाली के बाद बात करनी है 🎆",
    "સોમવારે ફોન કરવો",
    'Said: "we\'ll see"; back\\slash and a tab\there',
    "Line one\nLine two\r\nLine three",
    "👍🏽 agreed on WhatsApp 👨‍👩‍👧‍👦",
)
LOST_REASONS = (
    "Price",
    "Competitor",
    "No budget",
    "Not reachable",
    "Wrong number",
    "Built in-house",
    "Timing",
)
CHANGE_REASONS = (
    "Asked for a quotation",
    "Demo done",
    "Owner agreed on the phone",
    "Trial started on two branches",
    "PO received 🎉",
    "मीटिंग हो गई",
    "No answer to five calls",
)
ACTIVITY_TYPES = ("call", "call", "call", "email", "meeting", "update")
ACTIVITY_DETAILS = {
    "call": (
        "Spoke to the owner for ten minutes.",
        "No answer.",
        "Busy, call back tomorrow.",
        "फ़ोन पर बात हुई।",
    ),
    "email": ("Sent the brochure.", "Sent the quotation.", "Asked for the chart of accounts."),
    "meeting": (
        "Met at their office; three branches joined.",
        "Online demo, 40 minutes.",
        "Tea with the accountant ☕",
    ),
    "update": ("Changed the phone number.", "Corrected the GST number.", "Set the expected value."),
}
FOLLOW_UPS = (
    "Call about the quotation",
    "Confirm the demo slot",
    "Ask for the Tally version",
    "Remind of the trial's end",
    "पेमेंट के बारे में पूछें",
    'Send the "ROI" sheet',
)
FOLLOW_UP_COMMENTS = (
    "Done.",
    "Postponed by the client.",
    "Didn't pick up.",
    "Will decide on Monday 🤞",
    "ठीक है",
)
WHATSAPP_OUT = (
    "Namaste 🙏 This is {name} from iPerform. Shall we talk today?",
    "Your demo is confirmed for tomorrow 11 am.",
    "नमस्ते, आपकी रिपोर्ट तैयार है 📊",
    "Quotation attached. Valid for 7 days.",
)
WHATSAPP_IN = (
    "Ok",
    "👍",
    "Call me after 6",
    "Kitna discount milega?",
    "धन्यवाद",
    "நன்றி",
    "Please send to my CA",
    "<no text>",
)
MAIL_SUBJECTS = (
    "Your iPerform quotation",
    "Reminder: demo tomorrow",
    "5 reports every owner wants on the phone",
    'Re: "Outstanding" report',
    "त्योहार की शुभकामनाएँ 🪔",
)
MAIL_BODIES = (
    "<p>Dear Sir/Madam,</p><p>Please find the quotation attached.</p>",
    "Dear client,\n\nthis is a reminder of tomorrow's demo.\n\nRegards",
    '<div style="color:red">Offer ends <b>today</b> &amp; tomorrow</div>',
)
TICKET_TITLES = (
    "Sync stopped since yesterday",
    "Ledger balances don't match Tally",
    "Add a branch-wise sales report",
    "App logs out every hour",
    "User can't see the purchase register",
    "Wrong opening stock after year change",
    "Export to Excel shows ???? for हिंदी names",
    "Slow dashboard <10 s+>",
    'Need "debit note" in the ageing report',
)
TICKET_TYPES = ("Bug", "Feature Request", "Sync", "Sync", "Training", "Billing")
TICKET_PRIORITIES = ("Urgent", "High", "Medium", "Medium", "Low")
TICKET_TEXTS = (
    "It worked until the last update. Please look into it today.",
    'Steps: 1. open the report 2. choose "This month" 3. nothing happens',
    "कृपया जल्दी ठीक करें, साहब नाराज़ हैं 😠",
    'Error on screen: <500> {"detail": "timeout"}',
)
TICKET_COMMENTS = (
    "Looking into it.",
    "Could you send a screenshot?",
    "Fixed on the server; please check.",
    "Still the same here 😕",
    "Restarted the connector, sync is green now ✅",
    "धन्यवाद, अब ठीक है",
    "It's 'working' but slow.",
)
RESOLUTIONS = (
    "Connector restarted.",
    "Master re-mapped.",
    "Explained to the user.",
    "Fixed in 4.2.1.",
    "Duplicate of an older ticket",
)
DEVICES = ("Chrome on Windows", "Safari on iPhone", "Android app 5.3", "Firefox on Ubuntu", "Edge on Windows")
USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1",
    "iPerform/5.3 (Android 14; SM-A546E)",
)
ENDPOINTS = (
    ("/api/v1/leads", "GET"),
    ("/api/v1/leads", "POST"),
    ("/api/v1/leads/{id}", "PUT"),
    ("/api/v1/tickets", "GET"),
    ("/api/v1/tickets/{id}/comment", "POST"),
    ("/api/v1/report/salesperson_report", "GET"),
    ("/api/v1/files/{id}", "DELETE"),
)
SYNC_REPORTS = ("Sales Register", "Purchase Register", "Stock Summary", "Outstanding", "Ledger")
SYNC_ERRORS = (
    "ODBC: Tally is not running on 192.168.1.10:9000",
    "timeout after 300 s while reading vouchers",
    "Ledger 'Sundry Debtors – मुंबई' has no parent",
    "XML parse error at line 4711: unexpected &",
)
ITEMS = (
    "Bearing 6204",
    'Cotton fabric 60"',
    "PVC pipe 110 mm",
    "Paracetamol 500",
    "TMT bar 12 mm",
    "Basmati rice 25 kg",
    "LED panel 18 W",
)
FILE_NAMES = (
    "quotation.pdf",
    "Quotation (final) v2.pdf",
    "visiting card.txt",
    "कोटेशन २०२६.pdf",
    "விலைப்பட்டியல்.csv",
    "ઓર્ડર.txt",
    "চুক্তি.pdf",
    "معاہدہ.pdf",
    "Résumé – Zoë.txt",
    "ageing 30%+.csv",
    "stock & sales #1.csv",
    "photo 📷.txt",
    'O\'Brien "signed".pdf',
)
