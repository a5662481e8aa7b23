//! How long a token lives: the least of all that is known about it, by the provider's clock.

use serde_json::Value;

use crate::oauth::expiry;
use crate::oauth::problem::Problem;
use crate::oauth::remark::Remark;
use crate::oauth::seen::Seen;
use crate::oauth::time::{BadTime, StatedBy};
use crate::profile::location::Location;
use crate::profile::rules::Response;
use crate::secret::Secret;
use crate::wire::http_date::LONGEST_MS;

/// Used where neither the answer nor the profile says it: short enough that a wrong guess does little harm.
pub(super) const UNKNOWN_MS: i64 = 300_000;

/// Returns milliseconds since the request was sent; 0 where the token must not be used again.
pub(super) fn lifetime_ms(
    rules: &Response,
    seen: Seen<'_>,
    token: &Secret,
    remarks: &mut Vec<Remark>,
) -> Result<i64, Problem> {
    let bad = |at: &Location, why: BadTime| Problem::BadLifetime {
        at: at.to_string(),
        why,
    };
    // An answer from an HTTP cache has the `Date` of its origin and its `Age` (RFC 9111 §5.1).
    let age_ms = seen.answer.age_ms();
    let date_ms = seen.answer.date_unix_ms();
    let now_ms = date_ms.map_or(seen.answer.sent.unix_ms, |date| date.saturating_add(age_ms));
    let left = |moment_ms: i64| {
        moment_ms
            .saturating_sub(now_ms)
            .clamp(-LONGEST_MS, LONGEST_MS)
    };
    let mut known: Vec<(i64, StatedBy)> = Vec::new();
    let mut useless = None;
    if let Some(locations) = &rules.expires_in
        && let Ok((value, at)) = seen.first(locations)
    {
        let stated = match is_blank(&value) {
            true => 0,
            false => {
                expiry::lifetime_ms(&value, rules.expires_in_unit).map_err(|why| bad(at, why))?
            }
        };
        match stated {
            ..=0 => useless = Some(at),
            ms => known.push((
                ms.saturating_sub(age_ms),
                StatedBy::Location(at.to_string()),
            )),
        }
    }
    if let Some(locations) = &rules.expires_at
        && let Ok((value, at)) = seen.first(locations)
    {
        let stated = match is_blank(&value) {
            true => 0,
            false => expiry::moment_unix_ms(&value, &rules.expires_at_unit, rules.expires_at_zone)
                .map_err(|why| bad(at, why))?,
        };
        match stated {
            ..=0 => useless = Some(at),
            moment => known.push((left(moment), StatedBy::Location(at.to_string()))),
        }
    }
    if let Some(exp) = expiry::jwt_exp_unix_ms(token.expose()) {
        known.push((left(exp), StatedBy::Exp));
    }
    let least = known.into_iter().min_by_key(|(ms, _)| *ms);
    let lifetime_ms = match (least, useless) {
        (Some((ms, by)), _) if ms <= 0 => {
            return Err(Problem::Expired {
                by,
                ago_s: ms.saturating_neg() / 1000,
                by_local_clock: date_ms.is_none(),
                age_s: age_ms / 1000,
            });
        }
        (Some((ms, by)), _) => {
            let is_bounded = rules.max_ttl_ms.is_some_and(|most| most < LONGEST_MS);
            if ms >= LONGEST_MS && !is_bounded {
                remarks.push(Remark::LifetimeCut(by));
            }
            ms
        }
        (None, None) => rules.default_ttl_ms.unwrap_or(UNKNOWN_MS),
        (None, Some(at)) => {
            let default_s = rules.default_ttl_ms.map(|ms| ms / 1000);
            remarks.push(Remark::NoLifetime {
                at: at.to_string(),
                default_s,
            });
            rules.default_ttl_ms.unwrap_or(0)
        }
    };
    Ok(rules
        .max_ttl_ms
        .map_or(lifetime_ms, |most| lifetime_ms.min(most)))
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;
    use crate::oauth::step_output::Steps;
    use crate::wire::answer::Answer;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;
    use zeroize::Zeroizing;

    const SENT_S: i64 = 1_893_553_445; // 2030-01-02T03:04:05Z

    fn jwt(exp_s: i64) -> String {
        format!(
            "e30.{}.s",
            URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{exp_s}}}"#))
        )
    }

    fn lifetime(
        toml: &str,
        headers: &[(&str, &str)],
        document: &Value,
        token: &str,
    ) -> (Result<i64, Problem>, Vec<Remark>) {
        let mut rules = Response::from_toml(toml).unwrap();
        if document.get("default").is_some() {
            rules.default_ttl_ms = Some(77_000);
        }
        let answer = Answer {
            status: 200,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Zeroizing::default(),
            sent: Now {
                unix_ms: SENT_S * 1000,
                boot: None,
            },
        };
        let seen = Seen {
            answer: &answer,
            document: Some(document),
            steps: &Steps::new(),
        };
        let mut remarks = Vec::new();
        let lifetime = lifetime_ms(&rules, seen, &Secret::new(token), &mut remarks);
        (lifetime, remarks)
    }

    const AT: &str = "expires_in = '/expires_in'\nexpires_at = '/at'\nexpires_at_unit = 's'";

    const DATE: &str = "Wed, 02 Jan 2030 03:04:05 GMT";
    const AHEAD: &str = "Wed, 02 Jan 2030 03:04:35 GMT";
    const BEHIND: &str = "Wed, 02 Jan 2030 02:04:05 GMT";

    #[test]
    fn shortest_known_lifetime_counts_by_the_providers_clock() {
        let cases = [
            (
                AT,
                vec![],
                json!({"expires_in": 60}),
                "t".to_owned(),
                60_000,
            ),
            (
                AT,
                vec![],
                json!({"expires_in": 3600}),
                jwt(SENT_S + 60),
                60_000,
            ),
            (
                AT,
                vec![],
                json!({"expires_in": 5}),
                jwt(SENT_S + 60),
                5_000,
            ),
            (
                AT,
                vec![],
                json!({"expires_in": 60, "at": SENT_S + 50}),
                jwt(SENT_S + 70),
                50_000,
            ),
            (
                AT,
                vec![("date", AHEAD)],
                json!({"expires_in": 3600}),
                jwt(SENT_S + 60),
                30_000,
            ),
            (
                AT,
                vec![("date", BEHIND)],
                json!({"at": SENT_S}),
                "t".to_owned(),
                3_600_000,
            ),
            // The local clock does not matter to a JWT that is valid by the provider's.
            (
                AT,
                vec![("date", BEHIND)],
                json!({}),
                jwt(SENT_S - 10),
                3_590_000,
            ),
            (
                AT,
                vec![("age", "20")],
                json!({"expires_in": 60}),
                "t".to_owned(),
                40_000,
            ),
            (
                AT,
                vec![("age", "20"), ("date", DATE)],
                json!({"expires_in": 3600}),
                jwt(SENT_S + 60),
                40_000,
            ),
            (
                AT,
                vec![("age", "soon")],
                json!({"expires_in": 60}),
                "t".to_owned(),
                60_000,
            ),
            (AT, vec![], json!({}), "t".to_owned(), UNKNOWN_MS),
            (
                AT,
                vec![],
                json!({"expires_in": null}),
                "t".to_owned(),
                UNKNOWN_MS,
            ),
            (AT, vec![], json!({"default": 1}), "t".to_owned(), 77_000),
            (
                AT,
                vec![],
                json!({"expires_in": 0}),
                jwt(SENT_S + 60),
                60_000,
            ),
            (
                AT,
                vec![],
                json!({"expires_in": -1, "at": SENT_S + 9}),
                "t".to_owned(),
                9_000,
            ),
        ];
        for (toml, headers, document, token, expected) in cases {
            let (lifetime, remarks) = lifetime(toml, &headers, &document, &token);
            assert_eq!(lifetime, Ok(expected), "{headers:?} {document} {token}");
            assert_eq!(remarks, [], "{headers:?} {document}");
        }
    }

    #[test]
    fn a_token_that_has_expired_on_arrival_is_refused_with_the_reason() {
        let expired = |by, ago_s, by_local_clock, age_s| {
            Err(Problem::Expired {
                by,
                ago_s,
                by_local_clock,
                age_s,
            })
        };
        let location = |at: &str| StatedBy::Location(at.to_owned());
        let cases = [
            (
                vec![("date", DATE)],
                json!({"expires_in": 3600}),
                jwt(SENT_S - 600),
                expired(StatedBy::Exp, 600, false, 0),
            ),
            (
                vec![],
                json!({"expires_in": 3600}),
                jwt(SENT_S - 600),
                expired(StatedBy::Exp, 600, true, 0),
            ),
            (
                vec![("date", DATE)],
                json!({"at": SENT_S - 5}),
                "t".to_owned(),
                expired(location("/at"), 5, false, 0),
            ),
            (
                vec![("age", "90"), ("date", DATE)],
                json!({"expires_in": 60}),
                "t".to_owned(),
                expired(location("/expires_in"), 30, false, 90),
            ),
        ];
        for (headers, document, token, expected) in cases {
            let (lifetime, _) = lifetime(AT, &headers, &document, &token);
            assert_eq!(lifetime, expected, "{headers:?} {document}");
        }
    }

    #[test]
    fn useless_or_cut_lifetime_gives_a_remark() {
        let none = |at: &str, default_s| {
            vec![Remark::NoLifetime {
                at: at.to_owned(),
                default_s,
            }]
        };
        let cut = |at: &str| vec![Remark::LifetimeCut(StatedBy::Location(at.to_owned()))];
        let cases = [
            (json!({"expires_in": 0}), 0, none("/expires_in", None)),
            (json!({"expires_in": -1}), 0, none("/expires_in", None)),
            (json!({"expires_in": "-1"}), 0, none("/expires_in", None)),
            (json!({"expires_in": ""}), 0, none("/expires_in", None)),
            (
                json!({"expires_in": 0, "default": 1}),
                77_000,
                none("/expires_in", Some(77)),
            ),
            (
                json!({"at": 0, "default": 1}),
                77_000,
                none("/at", Some(77)),
            ),
            (
                json!({"expires_in": SENT_S}),
                LONGEST_MS,
                cut("/expires_in"),
            ),
            (json!({"at": SENT_S * 1000}), LONGEST_MS, cut("/at")),
        ];
        for (document, expected, expected_remarks) in cases {
            let (lifetime, remarks) = lifetime(AT, &[], &document, "t");
            assert_eq!(lifetime, Ok(expected), "{document}");
            assert_eq!(remarks, expected_remarks, "{document}");
        }
        let (_, remarks) = lifetime("", &[], &json!({}), &jwt(SENT_S * 1000));
        assert_eq!(remarks, [Remark::LifetimeCut(StatedBy::Exp)]);
    }
}
