import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.ToNumberPolicy;
import com.segment.analytics.Analytics;
import com.segment.analytics.Callback;
import com.segment.analytics.messages.AliasMessage;
import com.segment.analytics.messages.GroupMessage;
import com.segment.analytics.messages.IdentifyMessage;
import com.segment.analytics.messages.Message;
import com.segment.analytics.messages.MessageBuilder;
import com.segment.analytics.messages.PageMessage;
import com.segment.analytics.messages.ScreenMessage;
import com.segment.analytics.messages.TrackMessage;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Segment's client for Java. It sends everything to /v1/import/, and its screen calls have no category. */
public final class SegmentJava {
  private static final int PATIENCE_SECONDS = 120;
  private static final Gson GSON = new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();

  public static void main(String[] arguments) throws Exception {
    Scenarios.run(SegmentJava::make);
  }

  private static Scenarios.Sender make(String writeKey, String url) {
    Semaphore settled = new Semaphore(0);
    Callback report =
        new Callback() {
          @Override
          public void success(Message message) {
            settled.release();
          }

          @Override
          public void failure(Message message, Throwable error) {
            settled.release();
          }
        };
    Analytics analytics = Analytics.builder(writeKey).endpoint(url).callback(report).build();
    return new Scenarios.Sender() {
      @Override
      public void send(List<JsonObject> calls) throws Exception {
        for (JsonObject call : calls) analytics.enqueue(message(call));
        analytics.flush();
        if (!settled.tryAcquire(calls.size(), PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          throw new IllegalStateException("an event was neither sent nor given up");
        }
      }

      @Override
      public void close() {
        analytics.shutdown();
      }
    };
  }

  private static MessageBuilder<?, ?> message(JsonObject call) {
    MessageBuilder<?, ?> made = ofType(call);
    if (call.has("userId")) made.userId(Scenarios.text(call, "userId"));
    if (call.has("anonymousId")) made.anonymousId(Scenarios.text(call, "anonymousId"));
    if (call.has("timestamp")) made.timestamp(Date.from(Instant.parse(Scenarios.text(call, "timestamp"))));
    return made;
  }

  private static MessageBuilder<?, ?> ofType(JsonObject call) {
    Map<String, ?> traits = object(call, "traits");
    Map<String, ?> properties = object(call, "properties");
    return switch (Scenarios.text(call, "type")) {
      case "identify" -> IdentifyMessage.builder().traits(traits);
      case "page" -> PageMessage.builder(Scenarios.text(call, "name"))
          .category(Scenarios.text(call, "category"))
          .properties(properties);
      case "screen" -> ScreenMessage.builder(Scenarios.text(call, "name")).properties(properties);
      case "group" -> GroupMessage.builder(Scenarios.text(call, "groupId")).traits(traits);
      case "alias" -> AliasMessage.builder(Scenarios.text(call, "previousId"));
      default -> TrackMessage.builder(Scenarios.text(call, "event")).properties(properties);
    };
  }

  @SuppressWarnings("unchecked")
  private static Map<String, ?> object(JsonObject call, String name) {
    return call.has(name) ? GSON.fromJson(call.get(name), Map.class) : Map.of();
  }
}
