//! A module of TypeScript: what it says of itself, what it imports, and its declarations under headings.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::print::{declaration, Unprintable};
use super::prose::comment;
use crate::protocol::schema::Declaration;

/// How wide a heading is.
const WIDTH: usize = 107;

/// A module.
pub(super) struct Module<'m> {
    /// What it is for.
    pub(super) about: &'m str,
    /// Where names of other modules come from.
    pub(super) imports: &'m [(&'m str, &'m str)],
    /// Its declarations.
    pub(super) sections: Vec<Section>,
    /// What follows them.
    pub(super) end: &'m str,
}

/// Declarations under a heading.
pub(super) struct Section {
    heading: &'static str,
    declarations: Vec<Declaration>,
}

impl Section {
    /// A section without declarations. An empty heading is not shown.
    pub(super) fn new(heading: &'static str) -> Self {
        Self { heading, declarations: Vec::new() }
    }

    /// Adds a declaration.
    pub(super) fn add(&mut self, declaration: Declaration) {
        self.declarations.push(declaration);
    }

    /// Adds declarations.
    pub(super) fn extend(&mut self, declarations: impl IntoIterator<Item = Declaration>) {
        self.declarations.extend(declarations);
    }

    fn print(&self) -> Result<String, Unprintable> {
        let start = format!("// ---- {} ", self.heading);
        let heading = match self.heading {
            "" => String::new(),
            _ => format!("{start:-<WIDTH$}\n\n"),
        };
        let declarations: Vec<_> =
            self.declarations.iter().map(declaration).collect::<Result<_, _>>()?;
        Ok(heading + &declarations.join("\n"))
    }
}

impl Module<'_> {
    /// The module as text.
    pub(super) fn print(&self) -> Result<String, Unprintable> {
        let mut parts = vec![comment(self.about, ""), self.imported()?];
        for section in &self.sections {
            parts.push(section.print()?);
        }
        parts.push(self.end.to_owned());
        parts.retain(|part| !part.is_empty());
        Ok(parts.join("\n"))
    }

    fn imported(&self) -> Result<String, Unprintable> {
        let mut by_file: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for name in self.foreign() {
            let found = self.imports.iter().find(|(known, _)| *known == name);
            let (name, file) = found.ok_or_else(|| Unprintable::nameless(&name))?;
            by_file.entry(file).or_default().push(name);
        }
        let line = |(file, names): (&str, Vec<&str>)| {
            format!("import type {{ {} }} from '{file}';\n", names.join(", "))
        };
        Ok(by_file.into_iter().map(line).collect())
    }

    /// The names that are used here and declared elsewhere.
    fn foreign(&self) -> BTreeSet<String> {
        let declared = || self.sections.iter().flat_map(|section| &section.declarations);
        let mut names = BTreeSet::new();
        for one in declared() {
            collect(&one.schema, &mut names);
        }
        for one in declared() {
            names.remove(&one.name);
        }
        names
    }
}

fn collect(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str);
            names.extend(own.and_then(|path| path.rsplit('/').next()).map(str::to_owned));
            fields.values().for_each(|value| collect(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}
