//! Segment's client for Rust. Its task comes on standard input: see clients.py.
//!
//! The client sends each message once and leaves it to the program to send again.

use segment::message::{Alias, BatchMessage, Group, Identify, Message, Page, Screen, Track, User};
use segment::{Batcher, Client, HttpClient};
use serde::Deserialize;
use serde_json::{json, Map, Value};
use time::format_description::well_known::Rfc3339;
use time::OffsetDateTime;

#[derive(Deserialize)]
struct Task {
    write_key: String,
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    name: String,
    url: String,
    batch: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let task: Task = serde_json::from_reader(std::io::stdin()).unwrap();
    let calls: Vec<Value> = serde_json::from_slice(&std::fs::read("drivers/calls.json").unwrap()).unwrap();
    let running = tokio::task::LocalSet::new();
    for scenario in task.scenarios {
        let (write_key, calls) = (task.write_key.clone(), calls.clone());
        running.spawn_local(async move { run(&write_key, &scenario, &calls).await });
    }
    running.await;
}

async fn run(write_key: &str, scenario: &Scenario, calls: &[Value]) {
    let client = HttpClient::new(reqwest::Client::new(), scenario.url.clone());
    if scenario.name == "arrives" {
        for said in calls {
            client.send(write_key.to_owned(), message(said)).await.unwrap();
        }
        return;
    }
    let before = client.send(write_key.to_owned(), track(&scenario.name, "Before").into()).await;
    before.unwrap();
    let mut batcher = Batcher::new(Some(json!({"library": {"name": "segment", "version": "0.2.6"}})));
    for number in 1..=scenario.batch {
        batcher.push(BatchMessage::Track(track(&scenario.name, &format!("Step {number}")))).unwrap();
    }
    let _refused = client.send(write_key.to_owned(), batcher.into_message()).await;
    let afterwards = client.send(write_key.to_owned(), track(&scenario.name, "Afterwards").into()).await;
    afterwards.unwrap();
}

fn track(anonymous_id: &str, event: &str) -> Track {
    Track {
        user: User::AnonymousId { anonymous_id: anonymous_id.to_owned() },
        event: event.to_owned(),
        timestamp: Some(OffsetDateTime::now_utc()),
        ..Default::default()
    }
}

/// A call of calls.json. The client has no field for a category, but sends any other field that it is given.
fn message(said: &Value) -> Message {
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    let user = match said["anonymousId"].as_str() {
        Some(anonymous_id) => User::Both { user_id: text("userId"), anonymous_id: anonymous_id.to_owned() },
        None => User::UserId { user_id: text("userId") },
    };
    let timestamp = Some(OffsetDateTime::parse(&text("timestamp"), &Rfc3339).unwrap());
    let (traits, properties) = (said["traits"].clone(), said["properties"].clone());
    let extra: Map<String, Value> =
        said.get("category").map(|category| ("category".to_owned(), category.clone())).into_iter().collect();
    match text("type").as_str() {
        "identify" => Identify { user, traits, timestamp, ..Default::default() }.into(),
        "page" => Page { user, name: text("name"), properties, timestamp, extra, ..Default::default() }.into(),
        "screen" => Screen { user, name: text("name"), properties, timestamp, extra, ..Default::default() }.into(),
        "group" => Group { user, group_id: text("groupId"), traits, timestamp, ..Default::default() }.into(),
        "alias" => Alias { user, previous_id: text("previousId"), timestamp, ..Default::default() }.into(),
        _ => Track { user, event: text("event"), properties, timestamp, ..Default::default() }.into(),
    }
}
