//! The functions of templates that depend on their arguments alone.

use std::net::{IpAddr, Ipv4Addr};

use routehub_types::Prefix;
use serde_json::{Map, Value, json};

use super::error::{TemplateError, brief};

/// The longest text or list that a function may make.
const LONGEST: usize = 1 << 20;

/// Calls a function, whose name is in small letters.
///
/// # Errors
/// [`TemplateError`] for a function that is not known, or does not take these.
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, TemplateError> {
    let value = texts(name, arguments)
        .or_else(|| parts_of_texts(name, arguments))
        .or_else(|| numbers(name, arguments))
        .or_else(|| logic(name, arguments))
        .or_else(|| collections(name, arguments))
        .or_else(|| parts_of_collections(name, arguments));
    let value = value.ok_or_else(|| {
        let arguments: Vec<String> = arguments.iter().map(brief).collect();
        let arguments = arguments.join(", ");
        TemplateError(format!(
            "{name}({arguments}) is not known here, or does not take these"
        ))
    })?;
    match weight(&value) {
        ..=LONGEST => Ok(value),
        _ => Err(TemplateError(format!(
            "{name} makes more than {LONGEST} octets"
        ))),
    }
}

/// How much a value holds: the octets of its texts, and each value in it.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len(),
        Value::Array(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| key.len() + weight(value));
            1 + fields.sum::<usize>()
        }
        _ => 1,
    }
}

fn texts(name: &str, arguments: &[Value]) -> Option<Value> {
    let text = |n: usize| arguments.get(n).and_then(Value::as_str);
    let number = |n: usize| usize::try_from(arguments.get(n)?.as_u64()?).ok();
    Some(match name {
        "concat" if arguments.iter().all(|own| !own.is_array()) => {
            json!(arguments.iter().map(plain).collect::<String>())
        }
        "format" => {
            let mut out = text(0)?.to_owned();
            for (n, own) in arguments.iter().skip(1).enumerate() {
                out = replaced(&out, &format!("{{{n}}}"), &plain(own))?;
            }
            json!(out)
        }
        "string" => json!(plain(arguments.first()?)),
        "tolower" => json!(text(0)?.to_lowercase()),
        "toupper" => json!(text(0)?.to_uppercase()),
        "trim" => json!(text(0)?.trim()),
        "replace" => json!(replaced(text(0)?, text(1)?, text(2)?)?),
        "uniquestring" | "guid" => json!(hashed(arguments)),
        "newguid" => json!("00000000-0000-0000-0000-000000000000"),
        "utcnow" => json!("2026-01-01T00:00:00Z"),
        "json" => serde_json::from_str(text(0)?).ok()?,
        "cidrsubnet" => json!(subnet(text(0)?, number(1)?, number(2)?)?.to_string()),
        "cidrhost" => json!(host(text(0)?, number(1)?)?.to_string()),
        _ => return None,
    })
}

/// Texts taken apart, put together and searched.
fn parts_of_texts(name: &str, arguments: &[Value]) -> Option<Value> {
    let text = |n: usize| arguments.get(n).and_then(Value::as_str);
    let number = |n: usize| usize::try_from(arguments.get(n)?.as_u64()?).ok();
    Some(match name {
        "split" => {
            let of = text(0)?;
            let separators: Vec<&str> = match arguments.get(1)? {
                Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
                own => vec![own.as_str()?],
            };
            let first = *separators
                .first()
                .filter(|separator| !separator.is_empty())?;
            let mut of = of.to_owned();
            for other in separators.iter().filter(|other| !other.is_empty()) {
                of = replaced(&of, other, first)?;
            }
            json!(of.split(first).collect::<Vec<_>>())
        }
        "join" => {
            let items = arguments.first()?.as_array()?.iter().map(plain);
            json!(items.collect::<Vec<_>>().join(text(1)?))
        }
        "substring" => {
            let characters = text(0)?.chars().skip(number(1)?);
            json!(
                characters
                    .take(number(2).unwrap_or(usize::MAX))
                    .collect::<String>()
            )
        }
        "startswith" => json!(
            text(0)?
                .to_lowercase()
                .starts_with(&text(1)?.to_lowercase())
        ),
        "endswith" => json!(text(0)?.to_lowercase().ends_with(&text(1)?.to_lowercase())),
        "indexof" => match text(0)?.to_lowercase().find(&text(1)?.to_lowercase()) {
            Some(at) => json!(at),
            None => json!(-1),
        },
        "padleft" => {
            let of = plain(arguments.first()?);
            let fill = text(2).and_then(|fill| fill.chars().next()).unwrap_or(' ');
            let missing = number(1)?.saturating_sub(of.len()).min(LONGEST);
            json!(String::from_iter(std::iter::repeat_n(fill, missing)) + &of)
        }
        _ => return None,
    })
}

/// A text with another in the place of each that it has, if that is not too long.
fn replaced(text: &str, old: &str, new: &str) -> Option<String> {
    let longer = text.matches(old).count().checked_mul(new.len())?;
    (longer <= LONGEST).then(|| text.replace(old, new))
}

/// A value as text: a text as it stands, others as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        other => other.to_string(),
    }
}

/// Thirteen letters that depend on texts alone (FNV-1a).
fn hashed(arguments: &[Value]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for octet in arguments
        .iter()
        .map(plain)
        .collect::<Vec<_>>()
        .join("-")
        .bytes()
    {
        hash = (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
    }
    let letters = (0..13).map(|n| {
        let place = u8::try_from((hash >> (4 * n)) & 15).unwrap_or_default();
        char::from(b'a' + place)
    });
    letters.collect()
}

/// The subnet of a length at a place of a prefix.
fn subnet(prefix: &str, length: usize, place: usize) -> Option<Prefix> {
    let prefix: Prefix = prefix.parse().ok()?;
    let IpAddr::V4(base) = prefix.address() else {
        return None;
    };
    let length = u8::try_from(length)
        .ok()
        .filter(|own| (prefix.length()..=32).contains(own))?;
    let size = 1_u64 << (32 - length);
    let at = u64::from(base.to_bits()) + size.checked_mul(place as u64)?;
    let address = Ipv4Addr::from_bits(u32::try_from(at).ok()?);
    let subnet = Prefix::new(address.into(), length).ok()?;
    prefix.contains(subnet).then_some(subnet)
}

/// The host at a place of a prefix.
fn host(prefix: &str, place: usize) -> Option<IpAddr> {
    let prefix: Prefix = prefix.parse().ok()?;
    let IpAddr::V4(base) = prefix.address() else {
        return None;
    };
    let at = u32::try_from(place).ok()?.checked_add(1)?;
    let address = IpAddr::V4(Ipv4Addr::from_bits(base.to_bits().checked_add(at)?));
    prefix.contains_address(address).then_some(address)
}

fn numbers(name: &str, arguments: &[Value]) -> Option<Value> {
    let number = |n: usize| arguments.get(n).and_then(Value::as_i64);
    Some(match name {
        "add" => json!(number(0)?.checked_add(number(1)?)?),
        "sub" => json!(number(0)?.checked_sub(number(1)?)?),
        "mul" => json!(number(0)?.checked_mul(number(1)?)?),
        "div" => json!(number(0)?.checked_div(number(1)?)?),
        "mod" => json!(number(0)?.checked_rem(number(1)?)?),
        "int" => match arguments.first()? {
            Value::String(text) => json!(text.trim().parse::<i64>().ok()?),
            own => json!(own.as_i64()?),
        },
        "min" => json!(number(0)?.min(number(1)?)),
        "max" => json!(number(0)?.max(number(1)?)),
        _ => return None,
    })
}

fn logic(name: &str, arguments: &[Value]) -> Option<Value> {
    let flag = |n: usize| arguments.get(n).and_then(Value::as_bool);
    let number = |n: usize| arguments.get(n).and_then(Value::as_i64);
    Some(match name {
        "true" => json!(true),
        "false" => json!(false),
        "null" => Value::Null,
        "not" => json!(!flag(0)?),
        "and" => json!(arguments.iter().all(|own| own == &json!(true))),
        "or" => json!(arguments.iter().any(|own| own == &json!(true))),
        "equals" => {
            let (a, b) = (arguments.first()?, arguments.get(1)?);
            let alike = a
                .as_str()
                .zip(b.as_str())
                .map(|(a, b)| a.eq_ignore_ascii_case(b));
            json!(alike.unwrap_or(a == b))
        }
        "less" => json!(number(0)? < number(1)?),
        "lessorequals" => json!(number(0)? <= number(1)?),
        "greater" => json!(number(0)? > number(1)?),
        "greaterorequals" => json!(number(0)? >= number(1)?),
        "bool" => match arguments.first()? {
            Value::String(text) => json!(text.eq_ignore_ascii_case("true")),
            own => json!(own.as_bool().or_else(|| own.as_i64().map(|n| n != 0))?),
        },
        "coalesce" => arguments
            .iter()
            .find(|own| !own.is_null())
            .cloned()
            .unwrap_or_default(),
        _ => return None,
    })
}

fn collections(name: &str, arguments: &[Value]) -> Option<Value> {
    let first = arguments.first();
    Some(match name {
        "createarray" | "array" => json!(arguments),
        "createobject" => {
            let pairs = arguments.chunks_exact(2);
            let pairs =
                pairs.filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].clone())));
            Value::Object(pairs.collect())
        }
        "concat" => {
            let items = arguments.iter().filter_map(Value::as_array).flatten();
            json!(items.cloned().collect::<Vec<_>>())
        }
        "union" => union(arguments)?,
        "length" => match first? {
            Value::String(text) => json!(text.chars().count()),
            Value::Array(items) => json!(items.len()),
            Value::Object(fields) => json!(fields.len()),
            _ => return None,
        },
        "empty" => json!(match first? {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        }),
        "contains" => match (first?, arguments.get(1)?) {
            (Value::String(text), part) => {
                json!(text.to_lowercase().contains(&plain(part).to_lowercase()))
            }
            (Value::Array(items), item) => json!(items.contains(item)),
            (Value::Object(fields), key) => {
                let key = plain(key);
                json!(fields.keys().any(|own| own.eq_ignore_ascii_case(&key)))
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// Items and parts of collections and texts.
fn parts_of_collections(name: &str, arguments: &[Value]) -> Option<Value> {
    let first = arguments.first();
    let number = |n: usize| usize::try_from(arguments.get(n)?.as_u64()?).ok();
    Some(match name {
        "first" => match first? {
            Value::Array(items) => items.first().cloned().unwrap_or_default(),
            own => json!(own.as_str()?.chars().take(1).collect::<String>()),
        },
        "last" => match first? {
            Value::Array(items) => items.last().cloned().unwrap_or_default(),
            own => json!(
                own.as_str()?
                    .chars()
                    .next_back()
                    .map(String::from)
                    .unwrap_or_default()
            ),
        },
        "take" => match first? {
            Value::Array(items) => json!(items.iter().take(number(1)?).collect::<Vec<_>>()),
            own => json!(own.as_str()?.chars().take(number(1)?).collect::<String>()),
        },
        "skip" => match first? {
            Value::Array(items) => json!(items.iter().skip(number(1)?).collect::<Vec<_>>()),
            own => json!(own.as_str()?.chars().skip(number(1)?).collect::<String>()),
        },
        "range" => {
            let (from, count) = (number(0)?, number(1)?.min(LONGEST + 1));
            json!((from..from.saturating_add(count)).collect::<Vec<_>>())
        }
        "items" => {
            let items = first?.as_object()?.iter();
            json!(
                items
                    .map(|(key, value)| json!({"key": key, "value": value}))
                    .collect::<Vec<_>>()
            )
        }
        "trygetvalue" | "tryget" => {
            let key = plain(arguments.get(1)?);
            first?.get(&key).cloned().unwrap_or_default()
        }
        _ => return None,
    })
}

fn union(arguments: &[Value]) -> Option<Value> {
    if arguments.iter().all(Value::is_array) {
        let mut all: Vec<Value> = Vec::new();
        for item in arguments.iter().filter_map(Value::as_array).flatten() {
            if !all.contains(item) {
                all.push(item.clone());
            }
        }
        return Some(Value::Array(all));
    }
    let mut all = Map::new();
    for own in arguments {
        all.extend(own.as_object()?.clone());
    }
    Some(Value::Object(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_give_what_azure_gives() {
        let of = |name: &str, arguments: Value| call(name, arguments.as_array().unwrap()).unwrap();
        assert_eq!(of("concat", json!(["a", 1])), "a1");
        assert_eq!(of("concat", json!([[1], [2]])), json!([1, 2]));
        assert_eq!(of("format", json!(["{0}-{1}", "a", 2])), "a-2");
        assert_eq!(
            of("cidrsubnet", json!(["10.0.0.0/16", 24, 3])),
            "10.0.3.0/24"
        );
        assert_eq!(of("cidrhost", json!(["10.0.0.0/24", 4])), "10.0.0.5");
        assert_eq!(
            of("union", json!([{"a": 1}, {"b": 2}])),
            json!({"a": 1, "b": 2})
        );
        assert_eq!(of("substring", json!(["hello", 1, 3])), "ell");
        assert_eq!(of("contains", json!([["a"], "a"])), true);
        assert!(call("unheardof", &[]).is_err());
        assert!(call("div", &[json!(1), json!(0)]).is_err());
        assert!(call("padleft", &[json!("x"), json!(1u64 << 40), json!("0")]).is_err());
    }
}
