//! A plugin from the description of an API: `wharf new NAME --from`.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use wharf_simulated::Server;

use crate::world::{Run, World, finish};

const TOKEN: &str = "7f3d9c1e5a8b2046d1c7e9f0a3b5d8e2";

/// A shop, as its provider describes it.
const SHOP: &str = r##"
openapi: 3.0.3
info: { title: Shop, version: "4", description: Orders of the shop. }
servers: [{ url: "https://api.shop.example/v1" }]
security: [{ key: [] }]
paths:
  /orders:
    get:
      operationId: listOrders
      tags: [Orders]
      parameters:
        - { name: state, in: query, schema: { type: array, items: { type: string, enum: [open, sent] } }, style: form, explode: false }
        - { name: page, in: query, schema: { type: integer } }
        - { name: visitor, in: cookie, schema: { type: string } }
      responses:
        "200": { description: All, content: { application/json: { schema: { $ref: "#/components/schemas/Orders" }, example: { orders: [{ id: 7 }] } } } }
        4XX: { description: No, content: { application/json: { schema: { $ref: "#/components/schemas/Problem" } } } }
    post:
      operationId: createOrder
      tags: [Orders]
      parameters: [{ name: Idempotency-Key, in: header, schema: { type: string } }]
      requestBody: { required: true, content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }
      responses: { "201": { description: Made } }
  /orders/{id}/purge:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    post:
      operationId: deleteOrderForever
      tags: [Orders]
      responses: { "204": { description: Gone } }
    trace:
      operationId: traceOrder
      responses: { "200": { description: x } }
components:
  securitySchemes: { key: { type: apiKey, in: header, name: X-Key } }
  schemas:
    Order:
      type: object
      required: [id, lines]
      properties:
        id: { type: integer, readOnly: true }
        lines: { type: array, items: { $ref: "#/components/schemas/Line" } }
    Line: { type: object, properties: { name: { type: string }, parts: { type: array, items: { $ref: "#/components/schemas/Line" } } } }
    Orders: { type: object, properties: { orders: { type: array, items: { $ref: "#/components/schemas/Order" } } } }
    Problem: { type: object, properties: { error: { type: object, properties: { message: { type: string } } } } }
"##;

/// The description in a folder of a test.
struct Shop {
    world: World,
    folder: PathBuf,
}

impl Shop {
    fn new() -> Self {
        let world = World::new();
        world.write("shop.yaml", SHOP);
        Self { folder: world.path().join("shop"), world }
    }

    fn import(&self, words: &[&str]) -> Run {
        self.world.wharf(&[&["new", "shop", "--from", "shop.yaml"], words].concat())
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }

    /// `wharf` in the folder of the plugin.
    fn wharf(&self, line: &str) -> Run {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = self.world.command(&[("SHOP_KEY", TOKEN), ("SHOP_API_KEY", TOKEN)], &words);
        finish(command.current_dir(&self.folder).output().unwrap())
    }
}

#[test]
fn a_description_becomes_a_plugin_that_is_called_as_described() {
    let shop = Shop::new();
    let told = shop.import(&["--json"]).json();
    let totals = ["operations", "carried_over", "lost", "left_out"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(totals, [4, 2, 1, 1], "{told:#}");
    let rules: Vec<(&str, &str)> = told["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["outcome"].as_str().unwrap(), line["rule"].as_str().unwrap()))
        .collect();
    assert!(rules.contains(&("lost", "cookie-parameter")) && rules.contains(&("left-out", "method")), "{rules:?}");
    let report = shop.read("report.md");
    assert!(
        report.contains("`TRACE /orders/{id}/purge`") && report.contains("shop.yaml#/paths/~1orders/get/"),
        "{report}"
    );

    assert_eq!(shop.wharf("check .").code, 0);
    let built = shop.wharf("build");
    assert!(
        built.out.contains("1 call is as recorded") && built.out.contains("3 operations (3 unverified)"),
        "{built:?}"
    );
    assert!(
        shop.wharf("describe ./shop.wasm orders.delete-forever").out.contains("delete"),
        "its name says more than its method"
    );

    let server = Server::recorder(|request| match request.method.as_str() {
        "GET" if request.target.contains("page=2") => json!({"orders": []}),
        "GET" => json!({"orders": [{"id": 7}]}),
        _ => json!({"id": 8}),
    });
    let server = server.unwrap();
    let config = shop
        .read("wharf.toml")
        .replace("base_url = \"https://api.shop.example/v1\"", &format!("base_url = \"{}/v1\"", server.url()));
    assert!(config.contains(&server.url()), "{config}");
    fs::write(shop.folder.join("wharf.toml"), config).unwrap();
    let listed = shop.wharf("call ./shop.wasm orders.list state:=[\"open\",\"sent\"]");
    assert_eq!(listed.json(), json!({"orders": [{"id": 7}]}));
    let made = shop.wharf("call ./shop.wasm orders.create lines:=[{\"name\":\"a\",\"parts\":[{\"name\":\"b\"}]}]");
    assert_eq!(made.json(), json!({"id": 8}));

    let requests = server.requests();
    assert!(
        requests[0].target.starts_with("/v1/orders?state=open,sent")
            || requests[0].target.contains("state=open%2Csent"),
        "{}",
        requests[0].target
    );
    assert_eq!(requests[0].header("x-key"), Some(TOKEN));
    let post = requests.iter().find(|request| request.method == "POST").unwrap();
    assert!(post.header("idempotency-key").is_some(), "it is the id of the call");
    let body: Value = serde_json::from_slice(&post.body).unwrap();
    assert_eq!(body, json!({"lines": [{"name": "a", "parts": [{"name": "b"}]}]}));
}

#[test]
fn a_persons_changes_and_names_survive_a_new_description_and_what_is_new_is_told() {
    let shop = Shop::new();
    assert_eq!(shop.import(&[]).code, 0);
    fs::write(
        shop.folder.join("overlay.yaml"),
        "operations: { orders.list: { summary: Ours. }, orders.delete-forever: null }\n",
    )
    .unwrap();
    let names = shop.read("import.yaml").replace("orders.create", "orders.place");
    fs::write(shop.folder.join("import.yaml"), names).unwrap();
    shop.world.write("shop.yaml", SHOP.replace("  /orders/{id}/purge:", "  /orders/{id}:\n    delete:\n      operationId: cancelOrder\n      tags: [Orders]\n      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]\n      responses: { \"204\": { description: Gone } }\n  /orders/{id}/purge:"));

    let again = shop.import(&[]);
    assert!(
        again.out.contains("the version is 0.2.0 now") && again.out.contains("+ orders.cancel (delete)"),
        "{again:?}"
    );
    assert_eq!(shop.wharf("build").code, 0);
    let plugin = shop.wharf("describe ./shop.wasm --json").json();
    let operations = plugin["operations"].as_object().unwrap();
    assert_eq!(operations.keys().collect::<Vec<_>>(), ["orders.list", "orders.place", "orders.cancel"]);
    assert_eq!(operations["orders.list"]["summary"], "Ours.");

    let same = shop.import(&[]);
    assert!(same.out.contains("the version is 0.2.0 now"), "nothing changed: {same:?}");

    // A variable of a path that is renamed takes the name along, and the next import knows it.
    shop.world.write(
        "shop.yaml",
        SHOP.replace("/orders/{id}/purge", "/orders/{order}/purge")
            .replace("name: id, in: path", "name: order, in: path"),
    );
    assert_eq!((shop.import(&[]).code, shop.import(&[]).code), (0, 0));
}

#[test]
fn operations_are_chosen_and_nothing_is_written_by_a_dry_run() {
    let shop = Shop::new();
    let dry = shop.import(&["--dry-run"]);
    assert!(dry.out.contains("nothing is written") && !shop.folder.exists(), "{dry:?}");
    shop.import(&["--include", "Order"]).fails(6, &["--include Order: no operation fits", "did you mean `Orders`?"]);
    assert!(!shop.folder.exists());
    shop.import(&["--auth", "token"]).fails(2, &["`token` is no way to authenticate", "`bearer`"]);
    shop.world.wharf(&["new", "Shop", "--from", "shop.yaml"]).fails(2, &["kebab case"]);

    let chosen = shop.import(&["--include", "/orders", "--exclude", "POST *"]);
    assert!(
        chosen.out.contains("0 of 2 operations carried over, 1 with a part lost, 1 left out, 2 not chosen"),
        "{chosen:?}"
    );
}

#[test]
fn a_folder_of_something_else_stays_as_it_is() {
    let shop = Shop::new();
    fs::create_dir(&shop.folder).unwrap();
    fs::write(shop.folder.join("plugin.yaml"), "mine").unwrap();
    shop.import(&[]).fails(2, &["there is something in it that no import wrote"]);
    assert_eq!(shop.read("plugin.yaml"), "mine");
}

#[test]
fn nothing_that_a_description_names_is_fetched_or_read() {
    let server = Server::recorder(|_| json!({"type": "object"})).unwrap();
    let shop = Shop::new();
    shop.world.write("secret.json", "{\"type\": \"object\", \"properties\": {\"found\": {}}}");
    fs::create_dir(shop.world.path().join("in")).unwrap();
    for (number, target) in [
        &format!("{}/schema.json", server.url()),
        "../secret.json",
        "file:///etc/passwd",
        "/etc/passwd",
        "http://169.254.169.254/latest",
    ]
    .iter()
    .enumerate()
    {
        let description = SHOP.replace("#/components/schemas/Order\"", &format!("{target}\""));
        shop.world.write("in/hostile.yaml", description);
        let name = format!("hostile-{number}");
        let run = shop.world.wharf(&["new", &name, "--from", "in/hostile.yaml", "--json"]);
        assert_eq!(run.code, 0, "{run:?}");
        let told = run.json();
        assert_eq!(told["carried_over"], 1, "{target}: {told:#}");
        assert!(!run.out.contains("found") && !run.out.contains("root:"), "{}", run.out);
    }
    assert!(server.requests().is_empty(), "nobody asked it");
}
