import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs every scenario of the task at once, each with a client of its own. The task: see clients.py. */
final class Scenarios {
  /** One client. A call is a JSON object as in calls.json. */
  interface Sender extends AutoCloseable {
    /** Makes the calls, and waits until each of them is sent or given up. */
    void send(List<JsonObject> calls) throws Exception;
  }

  interface Maker {
    Sender make(String writeKey, String url) throws Exception;
  }

  static void run(Maker maker) throws Exception {
    JsonObject task =
        JsonParser.parseReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).getAsJsonObject();
    String writeKey = task.get("write_key").getAsString();
    ExecutorService pool = Executors.newCachedThreadPool();
    List<Future<Void>> running = new ArrayList<>();
    for (var scenario : task.getAsJsonArray("scenarios")) {
      running.add(pool.submit(() -> run(maker, writeKey, scenario.getAsJsonObject())));
    }
    try {
      for (Future<Void> scenario : running) scenario.get();
    } catch (Exception error) {
      error.printStackTrace();
      System.exit(1);
    }
    System.exit(0); // a client may leave threads behind
  }

  private static Void run(Maker maker, String writeKey, JsonObject scenario) throws Exception {
    String name = scenario.get("name").getAsString();
    try (Sender sender = maker.make(writeKey, scenario.get("url").getAsString())) {
      if (name.equals("arrives")) {
        String calls = Files.readString(Path.of("drivers/calls.json"));
        sender.send(List.of(new Gson().fromJson(calls, JsonObject[].class)));
      } else {
        List<JsonObject> steps = new ArrayList<>();
        for (int n = 1; n <= scenario.get("batch").getAsInt(); n++) steps.add(track(name, "Step " + n));
        sender.send(List.of(track(name, "Before")));
        sender.send(steps);
        sender.send(List.of(track(name, "Afterwards")));
      }
    }
    return null;
  }

  private static JsonObject track(String anonymousId, String event) {
    JsonObject call = new JsonObject();
    call.addProperty("type", "track");
    call.addProperty("anonymousId", anonymousId);
    call.addProperty("event", event);
    return call;
  }

  static String text(JsonObject call, String name) {
    return call.has(name) ? call.get(name).getAsString() : null;
  }
}
