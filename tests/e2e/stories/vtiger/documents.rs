use super::*;

#[test]
fn a_document_is_uploaded_with_its_file_and_downloaded() {
    let world = World::new();
    let content = b"bytes\r\n\x00\xff, not text";
    world.write("noteg.bin", content);
    let folder = rows(&world, "select * from DocumentFolders;")[0]["id"].clone();
    let element = json!({
        "notes_title": "Note G",
        "assigned_user_id": "19x1",
        "folderid": folder,
        "filename": "noteg.bin",
        "filestatus": 1,
    });
    let arguments = ["--attach", "filename=@noteg.bin"];
    let document = run(&world, "vtiger documents.upload", &json!({ "element": element }), &arguments).json();
    assert_eq!(
        (&document["filename"], &document["filesize"]),
        (&json!("noteg.bin"), &json!(content.len().to_string()))
    );
    assert_eq!(rows(&world, "select notes_title from Documents order by id desc;")[0]["id"], document["id"]);

    let file = json!({ "id": document["imageattachmentids"] });
    let told = run(&world, "vtiger documents.download", &file, &["--save", "out"]).json();
    assert!(told.to_string().contains("noteg.bin"), "{told}");
    assert_eq!(std::fs::read(world.path().join("out/noteg.bin")).unwrap(), content);

    fails(&world, "vtiger documents.download", json!({ "id": document["id"] }), 4, &["not found", "RECORD_NOT_FOUND"]);
    call(&world, "vtiger records.delete", json!({ "id": document["id"] }));
}

#[test]
fn a_document_whose_file_the_server_does_not_keep_is_a_failure_that_names_it() {
    let world = World::new();
    world.write("empty.txt", "");
    world.write("drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
    let element = |title: &str| json!({ "element": { "notes_title": title, "assigned_user_id": "19x1" } });
    for file in ["empty.txt", "drawing.svg"] {
        let attached = format!("filename=@{file}");
        let arguments = ["--attach", &attached, "--continue-on-fail"];
        let run = run(&world, "vtiger documents.upload", &element(file), &arguments);
        assert_eq!(run.code, 4, "{run:?}");
        let id = rows(&world, "select notes_title from Documents order by id desc;")[0]["id"].clone();
        let told = format!("made the document {} and kept no file", id.as_str().unwrap());
        assert!(run.out.contains(&told) && run.out.contains(&format!("\"notes_title\": \"{file}\"")), "{run:?}");
    }
    let mut elsewhere = element("Link");
    elsewhere["element"]["filelocationtype"] = json!("E");
    let refused = run(&world, "vtiger documents.upload", &elsewhere, &["--attach", "filename=@drawing.svg"]);
    refused.fails(2, &["`element`", "filelocationtype I"]);
}
