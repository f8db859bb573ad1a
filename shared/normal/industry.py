"""Industries: one closed list of words, and what people, directories and stock lists write for them."""

from functools import lru_cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from shared.normal.text import clean, is_placeholder, slug

_LIMIT = 120
# One wrong letter is mended in words of at least six, as with countries ("technolgy", "retial").
_MENDABLE_LETTERS = 6

# Each industry with the other words for it, as slugs.
_TABLE: Final = """
technology: information_technology tech it hardware computer_hardware electronics semiconductors semiconductor
    technology_equipment electronic_components it_services information_technology_and_services
    it_services_and_consulting semiconductors_and_semiconductor_equipment technologie computers_and_electronics
    technology_hardware computer_networking internet cloud_computing consumer_electronics
    electronic_equipment_and_instruments
software: computer_software saas software_as_a_service application_software software_and_it_services
    software_development systems_software it_software information_technology_software enterprise_software
    software_services video_games
medical: health_care healthcare health hospitals_and_health_care medicine medical_devices medical_device
    medical_equipment pharmaceuticals pharma pharmaceutical biotechnology biotech biopharmaceutical life_sciences
    health_care_equipment health_care_services healthcare_services hospital pharmaceutical_industry
    medical_technology hospital_and_health_care gesundheitswesen healthcare_equipment_and_supplies pharmacy
retail: retailing retailers retail_trade e_commerce ecommerce consumer_discretionary consumer_cyclicals
    consumer_cyclical wholesale specialty_retail food_retail specialty_retailers department_stores supermarkets
    einzelhandel luxury_goods apparel retail_wholesaling discount_stores
finance: financials financial financial_services banking banks bank insurance fintech financial_technology
    investment_management asset_management regional_banks banking_services banking_and_investment_services
    capital_markets accounting venture_capital_and_private_equity finanzen life_insurance reinsurance
    consumer_finance private_equity investment_banking
telecommunications: telecommunication telecom telecoms telco communication_services communications wireless
    telecommunications_services integrated_telecommunications_services wireless_telecommunications_services
    telecommunications_equipment telekommunikation
employment: staffing recruiting recruitment human_resources hr staffing_and_recruiting employment_services
    human_resource_and_employment_services
marketing: advertising marketing_and_advertising marketing_services advertising_services public_relations
    market_research pr_and_communications
entertainment: media movies music film gaming broadcasting media_and_entertainment media_and_publishing
    media_entertainment mass_media arts sports leisure hospitality_and_entertainment medien publishing
    hotels_and_entertainment_services
energy: oil_and_gas oil_gas fossil_fuels petroleum petroleum_industry renewable_energy renewables oil_energy
    oil_and_energy energy_industry oil_and_gas_equipment_and_services solar wind_power
utilities: utility electric_utilities electric_utility electric_power water_utilities multiline_utilities
    public_utility electric_utilities_and_ipps
materials: basic_materials chemicals chemical chemistry mining metals metals_and_mining steel mineral_resources
    construction_materials chemical_industry specialty_chemicals nonferrous_metals paper packaging forestry
    building_materials
industrials: industrial industrial_goods manufacturing machinery engineering conglomerate industrial_conglomerates
    electric_machinery aerospace aerospace_and_defense defense defence industrial_machinery
    mechanical_or_industrial_engineering electrical_equipment industrie machinery_equipment_and_components
    industrial_machinery_and_equipment mechanical_engineering electrical_components_and_equipment
automotive: automobiles automobile automotive_industry cars automobiles_and_auto_parts auto_parts vehicles
    automobilindustrie
construction: homebuilding construction_and_engineering building civil_engineering home_construction architecture
    real_estate_construction bau
real_estate: property reit real_estate_investment_trust commercial_real_estate residential_and_commercial_reits
    immobilien realty real_estate_operations
transportation: transport logistics shipping airlines aviation freight railways railway_bus
    transportation_and_logistics logistics_and_supply_chain supply_chain marine_transport
    freight_and_logistics_services trucking
food: food_and_beverages food_and_beverage beverages beverage foods consumer_staples food_processing food_production
    drink_industry restaurants restaurant food_and_tobacco consumer_non_cyclicals consumer_goods tobacco agriculture
    farming brewers consumer_defensive
hospitality: hotels hotel travel tourism travel_and_tourism leisure_travel_and_tourism travel_and_leisure
    hotels_and_restaurants events_services
education: higher_education e_learning schools school university universities edtech education_management
    primary_secondary_education training
government: public_sector public_administration government_administration military civil_service government_agency
nonprofit: non_profit nonprofit_organization_management non_profit_organization charity ngo non_profit_organizations
    philanthropy
legal: law law_firm law_practice legal_services law_firms
consulting: management_consulting business_consulting business_consulting_and_services consultancy
    strategy_consulting
services: service professional_services business_services support_services commercial_services consumer_services
    facilities_services professional_and_commercial_services industrial_and_commercial_services
    business_support_services dienstleistungen diversified_commercial_services
"""
_WORDS = {
    industry: words.split()
    for industry, _, words in (row.partition(":") for row in _TABLE.replace("\n    ", " ").strip().splitlines())
}
INDUSTRIES = frozenset(_WORDS)
"""The closed list; another word stays as its own slug, for policies that name it."""

_KNOWN = {word: industry for industry, words in _WORDS.items() for word in (industry, *words)}
_MENDABLE = tuple(word for word in _KNOWN if len(word) >= _MENDABLE_LETTERS - 1)


def normal_industry(text: str) -> str | None:
    """Return the industry's word from the closed list, else the text as a slug ("education_student"), or None."""
    given = clean(text, _LIMIT)
    return _industry(given) if given else None


@lru_cache(maxsize=16_384)
def _industry(given: str) -> str | None:
    if is_placeholder(given):
        return None
    name = slug(given.replace("&", " and "))
    if name is None:
        return None
    return _KNOWN.get(name) or _mend(name) or name


def first_known(texts: list[str]) -> str | None:
    """Return the first industry of the closed list among several words for one company, or None."""
    return next((found for text in texts if (found := normal_industry(text)) in INDUSTRIES), None)


def _mend(name: str) -> str | None:
    near = process.extract(name, _MENDABLE, scorer=OSA.distance, score_cutoff=1, limit=None)
    industries = {_KNOWN[word] for word, _, _ in near}
    long_enough = any(len(word) >= _MENDABLE_LETTERS and word[0] == name[0] for word, _, _ in near)
    return industries.pop() if len(industries) == 1 and long_enough else None
