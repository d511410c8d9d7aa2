//! Where a visitor is, as far as an address tells.

/// Where a visitor is. Never more than a city.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// ISO 3166-1 alpha-2 in capitals (and `XK`, Kosovo); `None` when unknown.
    pub country: Option<[u8; 2]>,
    /// `AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA`; `None` when unknown.
    pub continent: Option<[u8; 2]>,
    /// The country's part: its ISO 3166-2 code without the country (`CA`, `BY`) where the database
    /// has codes, else its name; empty when unknown.
    pub region: &'a str,
    /// The city's English name; empty when unknown.
    pub city: &'a str,
}

/// The countries of each continent, as GeoNames (and so MaxMind) has them: Turkey, Georgia and
/// Kazakhstan in Asia, Cyprus and all of Russia in Europe.
const CONTINENTS: [([u8; 2], &str); 7] = [
    (
        *b"AF",
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG \
         ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    ),
    (*b"AN", "AQ BV GS HM TF"),
    (
        *b"AS",
        "AE AF AM AZ BD BH BN BT CC CN GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM \
         MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TM TR TW UZ VN YE",
    ),
    (
        *b"EU",
        "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI \
         LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK",
    ),
    (
        *b"NA",
        "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI \
         PA PM PR SV SX TC TT US VC VG VI",
    ),
    (
        *b"OC",
        "AS AU CK CX FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS",
    ),
    (*b"SA", "AR BO BR CL CO EC FK GF GY PE PY SR UY VE"),
];

/// For every pair of letters one more than the position in [`CONTINENTS`]; 0: no country. Laid out
/// when this is compiled, because it is read for redirects.
const BY_COUNTRY: [u8; 26 * 26] = {
    let mut table = [0; 26 * 26];
    let mut continent = 0;
    while continent < CONTINENTS.len() {
        let countries = CONTINENTS[continent].1.as_bytes();
        let mut at = 0;
        while at < countries.len() {
            let position = position([countries[at], countries[at + 1]]);
            table[position] = continent as u8 + 1;
            at += 3;
        }
        continent += 1;
    }
    table
};

/// The continent of a country; `None` where there is no such country.
pub fn continent_of(country: [u8; 2]) -> Option<[u8; 2]> {
    if !country.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    let continent = BY_COUNTRY[position(country)].checked_sub(1)?;
    Some(CONTINENTS[usize::from(continent)].0)
}

const fn position([first, second]: [u8; 2]) -> usize {
    (first - b'A') as usize * 26 + (second - b'A') as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_one_continent() {
        let countries: Vec<&str> = CONTINENTS
            .iter()
            .flat_map(|(_, countries)| countries.split(' '))
            .collect();
        // 249 in ISO 3166-1, and Kosovo.
        assert_eq!(countries.len(), 250);
        for (continent, own) in CONTINENTS {
            for country in own.split(' ') {
                let country = country.as_bytes().try_into().unwrap();
                assert_eq!(continent_of(country), Some(continent), "{country:?}");
            }
        }
    }

    #[test]
    fn what_is_no_country_has_no_continent() {
        for letters in [b"ZZ", b"XX", b"EU", b"de", b"\0\0", b"D1", b"\xff\xff"] {
            assert_eq!(continent_of(*letters), None, "{letters:?}");
        }
    }
}
