//! GitHub: repositories with files, issues and pull requests of one user.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Provider;
use super::call::{Call, Outcome, Refusal, json, member, object, refusal, with};
use crate::answer::{Answer, Canned};
use crate::request::Recorded;
use crate::table::{self, Table};

pub(super) static OPERATIONS: Table = Table::new(|| table::read(include_str!("../../tables/catalogue/github.json")));

pub(super) const TOKEN: &str = "github_pat_simulated_7Qm2ZxV9tLw4Rk8YpJc3";
pub(super) const DOCUMENTATION: &str = "https://docs.github.com/rest";
const VERSION: &str = "2022-11-28";
const LOGIN: &str = "ada";
const TIME: &str = "2026-01-05T09:00:00Z";

pub(super) struct GitHub {
    /// By `owner/name`.
    repos: BTreeMap<String, Repo>,
    newest: u64,
}

/// A repository: what answers tell of it, and what is in it.
struct Repo {
    shown: Value,
    files: BTreeMap<String, Vec<u8>>,
    commits: Vec<Value>,
    issues: Vec<Value>,
    /// With the number of their issue.
    comments: Vec<(u64, Value)>,
    pulls: Vec<Value>,
}

impl Provider for GitHub {
    fn answer(&mut self, request: &Recorded) -> Canned {
        self.serve(request).unwrap_or_else(|Refusal { status, code, text, field }| {
            let errors = match code.as_str() {
                "" => Value::Null,
                _ => json!([{ "resource": "Issue", "code": code, "field": field, "message": text }]),
            };
            let words = if errors.is_null() { text.as_str() } else { "Validation Failed" };
            let mut body =
                object(json!({ "message": words, "documentation_url": DOCUMENTATION, "status": status.to_string() }));
            if !errors.is_null() {
                body.insert("errors".to_owned(), errors);
            }
            Answer::json(status, &Value::Object(body)).into()
        })
    }
}

impl GitHub {
    pub(super) fn new() -> Self {
        let mut github = Self { repos: BTreeMap::new(), newest: 0 };
        github.add_repo("hello", &json!({ "description": "Says hello.", "private": false }));
        github.add_repo("notes", &json!({ "description": null, "private": true }));
        github.add_repo("tools", &json!({ "description": "Small things.", "private": false }));
        if let Some(repo) = github.repos.get_mut("ada/hello") {
            repo.files.insert("README.md".to_owned(), b"# Hello\n".to_vec());
            repo.files.insert("docs/guide.md".to_owned(), b"Say hello.\n".to_vec());
            repo.commits = ["Say hello", "Add a guide", "Begin"].map(commit).to_vec();
        }
        github
    }

    fn serve(&mut self, request: &Recorded) -> Outcome {
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return Err(refusal(401, "", "Bad credentials"));
        }
        if request.header("x-github-api-version") != Some(VERSION) {
            return Err(refusal(400, "", "The version of the API is not known"));
        }
        let segments = request.segments();
        let whole = |at: usize| segments.get(at..).unwrap_or_default().join("/");
        // A path and the name of a branch may have slashes in them.
        let last = whole(4);
        let path: Vec<&str> = match segments.get(3).map(String::as_str) {
            Some("contents" | "zipball") if !last.is_empty() => {
                segments.iter().take(4).map(String::as_str).chain([last.as_str()]).collect()
            }
            _ => segments.iter().map(String::as_str).collect(),
        };
        let call = Call::find(&OPERATIONS, &request.method, &path).ok_or_else(missing)?;
        let call = call.read(request).map_err(Refusal::wrong(422, "invalid"))?;
        match call.name() {
            "user.get" => json(200, &user()),
            "repos.list" => {
                let repos: Vec<Value> = self.repos.values().map(|repo| repo.shown.clone()).collect();
                Ok(page(request, &call, &repos, Value::Array))
            }
            "repos.create" => self.create_repo(&call),
            "search.issues" => {
                let word = call.text("q").split(' ').next().unwrap_or_default().to_lowercase();
                let issues = self.repos.values().flat_map(|repo| &repo.issues);
                let found: Vec<Value> =
                    issues.filter(|issue| member(issue, "title").to_lowercase().contains(&word)).cloned().collect();
                let total = found.len();
                let shown = |items| json!({ "total_count": total, "incomplete_results": false, "items": items });
                Ok(page(request, &call, &found, shown))
            }
            name => {
                let resource = name.split('.').next().unwrap_or_default().to_owned();
                self.of_repo(request, &call, &resource)
            }
        }
    }

    fn of_repo(&mut self, request: &Recorded, call: &Call<'_>, resource: &str) -> Outcome {
        let name = format!("{}/{}", call.variable("owner"), call.variable("repo"));
        let repo = self.repos.get_mut(&name).ok_or_else(missing)?;
        let listed = match call.name() {
            "commits.list" => repo.commits.clone(),
            "issues.list" => repo.issues.iter().filter(|issue| is_in_state(issue, call)).cloned().collect(),
            "pulls.list" => repo.pulls.iter().filter(|pull| is_in_state(pull, call)).cloned().collect(),
            "comments.list" => {
                let number = repo.issue(call.variable("issue_number"))?;
                let of_issue = repo.comments.iter().filter(|(of, _)| *of == number);
                of_issue.map(|(_, comment)| comment.clone()).collect()
            }
            _ => {
                return match resource {
                    "repos" => repo.get(call),
                    "files" => repo.files(request, call),
                    "comments" => repo.comment(call),
                    "pulls" => repo.pull(call),
                    _ => repo.issues(call),
                };
            }
        };
        Ok(page(request, call, &listed, Value::Array))
    }

    fn create_repo(&mut self, call: &Call<'_>) -> Outcome {
        let name = call.text("name");
        if self.repos.contains_key(&format!("{LOGIN}/{name}")) {
            let text = "name already exists on this account";
            return Err(Refusal { field: "name".to_owned(), ..refusal(422, "custom", text) });
        }
        json(201, &self.add_repo(&name, &Value::Object(call.given())))
    }

    fn add_repo(&mut self, name: &str, given: &Value) -> Value {
        self.newest += 1;
        let full = format!("{LOGIN}/{name}");
        let shown = json!({
            "id": self.newest, "name": name, "full_name": full, "owner": user(),
            "private": given.get("private") == Some(&true.into()), "description": given.get("description"),
            "html_url": format!("https://github.com/{full}"), "default_branch": "main", "created_at": TIME,
        });
        let files = BTreeMap::new();
        let (commits, issues, comments, pulls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        self.repos.insert(full, Repo { shown: shown.clone(), files, commits, issues, comments, pulls });
        shown
    }
}

impl Repo {
    fn get(&self, call: &Call<'_>) -> Outcome {
        match call.name() {
            "repos.get" => json(200, &self.shown),
            // GitHub leads to another host; this one has the archive itself.
            _ => Ok(Answer::file("application/zip", ARCHIVE).into()),
        }
    }

    fn files(&mut self, request: &Recorded, call: &Call<'_>) -> Outcome {
        let path = call.variable("path").to_owned();
        let found = self.files.get(&path).cloned();
        let sha = found.as_deref().map(sha_of);
        let expected = Some(call.text("sha")).filter(|sha| !sha.is_empty());
        match call.operation.call.split(' ').next() {
            Some("GET") => match found {
                Some(content) if request.header("accept") == Some("application/vnd.github.raw+json") => {
                    Ok(Answer::file("application/vnd.github.raw+json; charset=utf-8", content).into())
                }
                Some(content) => json(200, &shown(&path, &content)),
                None => {
                    let folder = format!("{path}/");
                    let inside = self.files.iter().filter(|(name, _)| name.starts_with(&folder));
                    let listed: Vec<Value> = inside.map(|(name, content)| shown(name, content)).collect();
                    if listed.is_empty() { Err(missing()) } else { json(200, &Value::Array(listed)) }
                }
            },
            Some("PUT") if expected != sha => Err(match sha {
                Some(_) if expected.is_some() => {
                    refusal(409, "", format!("{path} does not match {}", call.text("sha")))
                }
                Some(_) => refusal(422, "", "Invalid request. \"sha\" wasn't supplied."),
                None => refusal(404, "", "Not Found"),
            }),
            Some("PUT") => {
                let content = STANDARD
                    .decode(call.text("content"))
                    .map_err(|_| refusal(422, "", "content is not valid Base64"))?;
                self.files.insert(path.clone(), content.clone());
                self.commits.insert(0, commit(&call.text("message")));
                let status = if found.is_some() { 200 } else { 201 };
                json(status, &json!({ "content": shown(&path, &content), "commit": self.commits.first() }))
            }
            _ => {
                found.ok_or_else(missing)?;
                if expected != sha {
                    return Err(refusal(409, "", format!("{path} does not match {}", call.text("sha"))));
                }
                self.files.remove(&path);
                self.commits.insert(0, commit(&call.text("message")));
                json(200, &json!({ "content": null, "commit": self.commits.first() }))
            }
        }
    }

    fn issues(&mut self, call: &Call<'_>) -> Outcome {
        let names = |member: &str| call.input.body.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
        let labels: Vec<Value> = names("labels").iter().map(|name| json!({ "name": name })).collect();
        let assignees: Vec<Value> = names("assignees").iter().map(|login| json!({ "login": login })).collect();
        if call.name() == "issues.create" {
            let issue = json!({
                "number": self.next_number(), "title": call.text("title"), "body": call.input.body.get("body"), "state": "open",
                "state_reason": null, "user": user(), "labels": labels, "assignees": assignees, "comments": 0,
                "milestone": null, "created_at": TIME, "closed_at": null,
            });
            self.issues.push(issue.clone());
            return json(201, &issue);
        }
        let number = self.issue(call.id())?;
        let issue = self.issues.iter_mut().find(|issue| number_of(issue) == number).ok_or_else(missing)?;
        let mut changes = call.given();
        for (member, value) in [("labels", labels), ("assignees", assignees)] {
            changes.entry(member).and_modify(|given| *given = value.into());
        }
        if call.text("state") == "closed" {
            changes.insert("closed_at".to_owned(), TIME.into());
        }
        *issue = with(issue.take(), changes);
        json(200, issue)
    }

    fn comment(&mut self, call: &Call<'_>) -> Outcome {
        let (number, id) = (self.issue(call.id())?, self.comments.len() + 1);
        let comment = json!({ "id": id, "body": call.text("body"), "user": user(), "created_at": TIME });
        self.comments.push((number, comment.clone()));
        json(201, &comment)
    }

    fn pull(&mut self, call: &Call<'_>) -> Outcome {
        if call.name() == "pulls.create" {
            let side = |name: &str| json!({ "ref": call.text(name), "sha": sha_of(call.text(name).as_bytes()) });
            let pull = json!({
                "number": self.next_number(), "title": call.text("title"), "body": call.input.body.get("body"), "state": "open",
                "draft": call.text("draft") == "true", "merged": false, "user": user(), "head": side("head"), "base": side("base"),
                "created_at": TIME,
            });
            self.pulls.push(pull.clone());
            return json(201, &pull);
        }
        let pull = self.pulls.iter_mut().find(|pull| number_of(pull).to_string() == call.id()).ok_or_else(missing)?;
        if member(pull, "state") == "closed" {
            return Err(refusal(405, "", "Pull Request is not mergeable"));
        }
        *pull = with(pull.take(), object(json!({ "state": "closed", "merged": true })));
        let sha = sha_of(call.id().as_bytes());
        json(200, &json!({ "sha": sha, "merged": true, "message": "Pull Request successfully merged" }))
    }

    /// The number of an issue that there is.
    fn issue(&self, number: &str) -> Result<u64, Refusal> {
        let found = self.issues.iter().map(number_of).find(|known| known.to_string() == number);
        found.ok_or_else(missing)
    }

    /// Issues and pull requests are counted together.
    fn next_number(&self) -> usize {
        self.issues.len() + self.pulls.len() + 1
    }
}

/// A page of a list, with the address of the next one in the header `Link`.
fn page(request: &Recorded, call: &Call<'_>, things: &[Value], shown: impl FnOnce(Vec<Value>) -> Value) -> Canned {
    let (number, size) = (call.number("page").unwrap_or(1).max(1), call.number("per_page").unwrap_or(30));
    let (items, next) = call.page(things, (number - 1).saturating_mul(size), "per_page", 30);
    let answer = Canned::from(Answer::json(200, &shown(items)));
    let Some(_) = next else { return answer };
    let kept = request.query().into_iter().filter(|(name, _)| name != "page");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept.chain([("page".to_owned(), (number + 1).to_string())]))
        .finish();
    let link = format!("<https://api.github.com{}?{query}>; rel=\"next\"", request.path());
    Canned { headers: vec![("Link".to_owned(), link)], ..answer }
}

/// An archive with nothing in it: the end of a directory without entries.
const ARCHIVE: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn missing() -> Refusal {
    refusal(404, "", "Not Found")
}

fn user() -> Value {
    json!({ "login": LOGIN, "id": 7, "type": "User" })
}

fn number_of(thing: &Value) -> u64 {
    thing.get("number").and_then(Value::as_u64).unwrap_or_default()
}

fn is_in_state(thing: &Value, call: &Call<'_>) -> bool {
    match call.text("state").as_str() {
        "all" => true,
        "" => member(thing, "state") == "open",
        state => member(thing, "state") == state,
    }
}

fn sha_of(content: &[u8]) -> String {
    Sha256::digest(content).iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

fn commit(message: &str) -> Value {
    let author = json!({ "name": "Ada", "email": "ada@example.com", "date": TIME });
    json!({ "sha": sha_of(message.as_bytes()), "commit": { "message": message, "author": author } })
}

fn shown(path: &str, content: &[u8]) -> Value {
    json!({
        "type": "file", "name": path.rsplit('/').next(), "path": path, "sha": sha_of(content), "size": content.len(),
        "encoding": "base64", "content": STANDARD.encode(content),
    })
}
