//! What is found of answers, pages and credentials in descriptions, for whoever changes that:
//! `DESCRIPTIONS="file …" cargo test -p wharf-author --lib survey_of_pages -- --ignored --nocapture`; with `DETAIL=1` each list is told.

use std::collections::BTreeMap;

use serde_json::Value;

use super::list::list;
use crate::import::answers::{answers, good, shapes::Shapes, shared};
use crate::import::credentials::{credentials, prepare};
use crate::import::model::{Api, In};
use crate::import::report::Report;
use crate::import::servers::servers;
use crate::import::{pages::pages, read, source};

#[test]
#[ignore = "it reads descriptions that are not part of the repository"]
fn survey_of_pages() {
    for file in std::env::var("DESCRIPTIONS").expect("files in DESCRIPTIONS").split_whitespace() {
        let read =
            source::of_file(file.as_ref()).and_then(|mut documents| read::api(&mut documents, &mut Report::default()));
        match read {
            Ok(api) => tell(file, api),
            Err(error) => println!("## {file}: {error}"),
        }
    }
}

fn tell(file: &str, mut api: Api) {
    let mut report = Report::default();
    prepare(&mut api, None);
    let servers = servers(&api, "acme", &mut Report::default());
    let made = credentials(&api, "acme", &servers, None, &mut report);
    let shared = shared(&api, &mut report);
    let (mut turns, mut forms, mut lists) = (BTreeMap::new(), BTreeMap::new(), 0);
    for (number, operation) in api.operations.iter().enumerate() {
        answers(&api, number, &shared, &mut report);
        let good = good(&api, operation);
        *forms.entry(format!("{:?}", good.form)).or_insert(0) += 1;
        let found = pages(&api, number, &mut report);
        let schema = good.schema.filter(|_| operation.method == "GET");
        let is_list = schema.is_some_and(|schema| list(Shapes::of(&api), schema, operation).is_some());
        lists += usize::from(is_list);
        if is_list && std::env::var("DETAIL").is_ok() {
            let query = operation.parameters.iter().filter(|parameter| parameter.at == In::Query);
            let query: Vec<&str> = query.map(|parameter| parameter.name.as_str()).collect();
            println!("    {}: {} of {}", operation.path, found.clone().unwrap_or_default(), query.join(" "));
        }
        let members = found.iter().filter_map(Value::as_object).flat_map(|pages| pages.keys());
        members.filter(|name| *name != "list").for_each(|name| *turns.entry(name.clone()).or_insert(0) += 1);
    }
    let in_pages: i32 = turns.values().sum();
    println!("## {file}: {} operations, {lists} lists, {in_pages} in pages {turns:?}", api.operations.len());
    println!("   forms {forms:?}");
    println!("   answers {}", Value::from(shared.answers));
    let others = made.of.iter().filter(|of| of.scheme.is_some()).count();
    let dropped: usize = made.of.iter().map(|of| of.parameters.len()).sum();
    println!(
        "   usual scheme {:?}, {others} operations with another; {dropped} parameters are credentials",
        made.scheme
    );
    for (name, members) in [("schemes", made.schemes), ("fields", made.fields), ("credentials", made.credentials)] {
        println!("   {name} {}", Value::from(members).to_string().chars().take(800).collect::<String>());
    }
    println!("   servers {}", Value::from(made.servers));
    let mut rules = BTreeMap::new();
    for line in &report.lines {
        rules.entry((line.outcome, line.rule)).or_insert((0, &line.text)).0 += 1;
    }
    for ((outcome, rule), (count, text)) in rules {
        println!("   {count} {outcome:?} {rule}: {text}");
    }
}
