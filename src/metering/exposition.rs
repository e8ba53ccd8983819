//! The statements of tenants in the text format of Prometheus (version 0.0.4), for `GET /admin/metrics`.
//!
//! Which families there are is in `families`; `docs/metrics.md` says what each means. Values of labels are names of tenants and codes
//! of Roomcast, which have nothing that must be escaped.

mod families;

use std::fmt::{self, Write as _};

use families::{Kind, FAMILIES};

use super::statement::Statement;

/// The type of the text.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A tenant, and its statement if its object has answered.
#[derive(Debug)]
pub struct Stated {
    /// Its name.
    pub tenant: String,
    /// The statement.
    pub statement: Option<Statement>,
}

/// A number without the code that prints floating point numbers: so many units, the last so many digits of which are a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal(u64, usize);

impl Decimal {
    /// Dollars, to the billionth.
    fn dollars(dollars: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an amount")]
        let billionths = (dollars.max(0.0) * 1e9) as u64;
        Self(billionths, 9)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(amount, digits) = *self;
        let one = 10_u64.pow(u32::try_from(digits).unwrap_or(0));
        match digits {
            0 => write!(f, "{amount}"),
            digits => write!(f, "{}.{:0digits$}", amount / one, amount % one),
        }
    }
}

/// The text. `left_out` says that there are more tenants than one answer has.
pub fn text(version: &str, tenants: &[Stated], left_out: bool) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = write_all(&mut text, version, tenants, left_out);
    text
}

fn write_all(out: &mut String, version: &str, tenants: &[Stated], left_out: bool) -> fmt::Result {
    head(out, "roomcast_build_info", "gauge", "The version of Roomcast.")?;
    writeln!(out, "roomcast_build_info{{version=\"{version}\"}} 1")?;
    head(out, "roomcast_tenants", "gauge", "Tenants in this answer.")?;
    writeln!(out, "roomcast_tenants {}", tenants.len())?;
    head(out, "roomcast_tenants_left_out", "gauge", "1: there are more, ask for them by name.")?;
    writeln!(out, "roomcast_tenants_left_out {}", u8::from(left_out))?;
    head(out, "roomcast_tenant_up", "gauge", "Whether the tenant's object has answered.")?;
    for Stated { tenant, statement } in tenants {
        let up = u8::from(statement.is_some());
        writeln!(out, "roomcast_tenant_up{{tenant=\"{tenant}\"}} {up}")?;
    }
    for family in &FAMILIES {
        head(out, family.name, family.kind.word(), family.help)?;
        for Stated { tenant, statement } in tenants {
            for (value, amount) in statement.iter().flat_map(|known| (family.samples)(known)) {
                let name = family.name;
                if family.kind == Kind::Histogram {
                    bucket(out, name, (tenant, &value), amount)?;
                } else if family.label.is_empty() {
                    writeln!(out, "{name}{{tenant=\"{tenant}\"}} {amount}")?;
                } else {
                    let label = family.label;
                    writeln!(out, "{name}{{tenant=\"{tenant}\",{label}=\"{value}\"}} {amount}")?;
                }
            }
        }
    }
    Ok(())
}

/// A line of a histogram: its sum, its count, or a bucket.
fn bucket(
    out: &mut String,
    name: &str,
    (tenant, value): (&str, &str),
    amount: Decimal,
) -> fmt::Result {
    match value {
        "sum" | "count" => writeln!(out, "{name}_{value}{{tenant=\"{tenant}\"}} {amount}"),
        most => writeln!(out, "{name}_bucket{{tenant=\"{tenant}\",le=\"{most}\"}} {amount}"),
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

#[cfg(test)]
mod tests;
