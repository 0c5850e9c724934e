//! The script of a page as one file: its modules, each after those that it imports.
//!
//! A page needs one request for its script then, and leaves a browser's connections to the
//! transports. What these modules may write is checked by the test below:
//!
//! ```js
//! import { text, url } from './frame.js';       // const { text, url } = modules['frame.js'];
//! import texts from './race.texts.js';          // const texts = modules['race.texts.js'];
//! export const mark = 1;                        // const mark = 1; … return { mark };
//! ```

use std::fmt::Write;

/// `entry` with all that it imports. `source` is the text of a module by its name; a name that is
/// in `values` is that value.
pub fn bundle(
    entry: &str,
    values: &[(&str, String)],
    source: impl Fn(&str) -> &'static str,
) -> String {
    let mut script = String::from("const modules = {};\n");
    let mut done: Vec<String> = Vec::new();
    for (name, value) in values {
        let _ = writeln!(script, "modules['{name}'] = {value};");
        done.push((*name).to_owned());
    }
    add(entry, true, &source, &mut done, &mut script);
    script
}

fn add(
    name: &str,
    is_entry: bool,
    source: &impl Fn(&str) -> &'static str,
    done: &mut Vec<String>,
    script: &mut String,
) {
    if done.iter().any(|one| one == name) {
        return;
    }
    done.push(name.to_owned());
    let text = source(name);
    if name.ends_with(".texts.js") {
        let _ = writeln!(script, "modules['{name}'] = {text};");
        return;
    }
    let Module {
        imports,
        exports,
        body,
    } = Module::parse(name, text);
    for import in &imports {
        add(import, false, source, done, script);
    }
    let _ = match is_entry {
        true => write!(script, "\n// {name}\n\n{body}"),
        false => write!(
            script,
            "\nmodules['{name}'] = (() => {{\n{body}return {{ {} }};\n}})();\n",
            exports.join(", ")
        ),
    };
}

struct Module<'a> {
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
    /// The text without `import` and `export`.
    body: String,
}

impl<'a> Module<'a> {
    fn parse(name: &str, text: &'a str) -> Self {
        let (mut imports, mut exports, mut body) = (Vec::new(), Vec::new(), String::new());
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(import) = rest.strip_prefix("import ") {
                let (statement, after) = import.split_once("';\n").expect(name);
                let (names, module) = statement.split_once("from './").expect(name);
                let names = names.trim_end();
                let _ = writeln!(body, "const {names} = modules['{module}'];");
                imports.push(module);
                rest = after;
                continue;
            }
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let declaration = line.strip_prefix("export ");
            if let Some(declaration) = declaration {
                let words = declaration.split(|c: char| !c.is_alphanumeric() && c != '_');
                let keywords = ["async", "function", "const", "class"];
                exports.extend(words.filter(|word| !keywords.contains(word)).take(1));
            }
            body += declaration.unwrap_or(line);
            body.push('\n');
            rest = after;
        }
        Module {
            imports,
            exports,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_stand_in_the_order_of_their_imports_each_once() {
        let source = |name: &str| match name {
            "page.js" => {
                "import { b,\n  c }\n  from './b.js';\nimport texts from './page.texts.js';\n\
                 import { a } from './a.js';\nawait a(b, c, texts);\n"
            }
            "b.js" => {
                "import { a } from './a.js';\nimport { X } from './x.js';\n\
                 export class b {\n}\nexport const c = a;\n"
            }
            "a.js" => "const own = 1;\nexport async function a() {\n  return own;\n}\n",
            "page.texts.js" => "{ \"key\": 1 }\n",
            other => panic!("{other}"),
        };
        let script = bundle("page.js", &[("x.js", "{\"X\":1}".into())], source);
        assert_eq!(
            script,
            "const modules = {};\n\
             modules['x.js'] = {\"X\":1};\n\
             \n\
             modules['a.js'] = (() => {\n\
             const own = 1;\n\
             async function a() {\n  return own;\n}\n\
             return { a };\n\
             })();\n\
             \n\
             modules['b.js'] = (() => {\n\
             const { a } = modules['a.js'];\n\
             const { X } = modules['x.js'];\n\
             class b {\n}\n\
             const c = a;\n\
             return { b, c };\n\
             })();\n\
             modules['page.texts.js'] = { \"key\": 1 }\n;\n\
             \n// page.js\n\n\
             const { b,\n  c } = modules['b.js'];\n\
             const texts = modules['page.texts.js'];\n\
             const { a } = modules['a.js'];\n\
             await a(b, c, texts);\n"
        );
    }
}
