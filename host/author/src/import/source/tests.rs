use std::fs;
use std::path::Path;

use serde_json::json;

use super::*;

/// The references of `api.yaml` in a folder with these files, and where each leads.
fn links(folder: &Path, references: &[&str]) -> Vec<(String, Result<String, String>)> {
    let all: Vec<Value> = references.iter().map(|to| json!({"$ref": to})).collect();
    fs::write(folder.join("api.json"), json!({"openapi": "3.0.0", "all": all}).to_string()).unwrap();
    let mut documents = of_file(&folder.join("api.json")).unwrap();
    documents.gather();
    let links = &documents.files[0].links;
    let name =
        |reference: &str| links[reference.split('#').next().unwrap()].clone().map(|n| documents.files[n].name.clone());
    references.iter().map(|reference| ((*reference).to_owned(), name(reference))).collect()
}

#[test]
fn files_below_the_folder_are_read_and_what_they_refer_to() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("paths/more")).unwrap();
    fs::write(folder.path().join("paths/a b.yaml"), "$ref: ../schemas.yaml#/A").unwrap();
    fs::write(folder.path().join("schemas.yaml"), "A: {$ref: 'paths/more/c.json'}").unwrap();
    fs::write(folder.path().join("paths/more/c.json"), "{\"$ref\": \"../../api.json\"}").unwrap();
    let read = links(folder.path(), &["paths/a%20b.yaml#/a", "./schemas.yaml"]);
    let names: Vec<_> = read.into_iter().map(|(_, name)| name.unwrap()).collect();
    assert_eq!(names, ["paths/a b.yaml", "schemas.yaml"]);
    let mut documents = of_file(&folder.path().join("api.json")).unwrap();
    documents.gather();
    assert_eq!(documents.files.len(), 4);
}

#[test]
fn nothing_outside_of_the_folder_is_read() {
    let around = tempfile::tempdir().unwrap();
    let folder = around.path().join("api");
    fs::create_dir(&folder).unwrap();
    fs::write(around.path().join("secret.yaml"), "a: 1").unwrap();
    std::os::unix::fs::symlink(around.path().join("secret.yaml"), folder.join("link.yaml")).unwrap();
    fs::create_dir(folder.join("folder")).unwrap();
    fs::write(folder.join("broken.yaml"), "a: [").unwrap();
    let outside = "not below the folder";
    for ((reference, read), told) in links(
        &folder,
        &[
            "../secret.yaml",
            "../none.yaml",
            "link.yaml",
            "/etc/passwd",
            "folder/../../secret.yaml",
            "%2e%2e/secret.yaml",
            "http://169.254.169.254/",
            "file:///etc/passwd",
            "//host/x",
            "none.yaml",
            "folder",
            "broken.yaml",
        ],
    )
    .into_iter()
    .zip([
        outside,
        outside,
        outside,
        outside,
        outside,
        outside,
        "an address",
        "an address",
        "an address",
        "No such file",
        "regular file",
        "broken.yaml:1:",
    ]) {
        let problem = read.unwrap_err();
        assert!(problem.contains(told), "{reference}: {problem}");
    }
}

#[test]
fn what_is_not_a_file_of_a_fair_size_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(of_file(folder.path()).is_err());
    assert!(of_file(&folder.path().join("none.yaml")).is_err());
    let large = folder.path().join("large.yaml");
    fs::write(&large, vec![b' '; MOST_BYTES + 1]).unwrap();
    assert!(of_file(&large).unwrap_err().to_string().contains("16"));
    assert!(of_bytes("large.yaml", vec![b' '; MOST_BYTES + 1]).is_err());
    let many = format!("{{\"openapi\": \"3.0.0\", \"a\": [0{}]}}", ",0".repeat(MOST_VALUES + 1));
    assert!(of_bytes("many.json", many.into_bytes()).unwrap_err().to_string().contains("values"));
}

#[test]
fn percent_encoding_is_decoded_where_it_is_one() {
    for (text, read) in [("a%20b", "a b"), ("100%", "100%"), ("%zz", "%zz"), ("%ff", "%ff"), ("%C3%A9", "é")] {
        assert_eq!(percent_decoded(text), read);
    }
}
