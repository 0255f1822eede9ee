import com.google.gson.JsonObject;
import com.segment.analytics.kotlin.core.AliasEvent;
import com.segment.analytics.kotlin.core.Analytics;
import com.segment.analytics.kotlin.core.BaseEvent;
import com.segment.analytics.kotlin.core.Configuration;
import com.segment.analytics.kotlin.core.RequestFactory;
import com.segment.analytics.kotlin.core.Storage;
import com.segment.analytics.kotlin.core.StorageProvider;
import com.segment.analytics.kotlin.core.compat.ConfigurationBuilder;
import com.segment.analytics.kotlin.core.compat.JavaAnalytics;
import com.segment.analytics.kotlin.core.platform.plugins.StartupQueue;
import com.segment.analytics.kotlin.core.platform.plugins.UserInfoPlugin;
import com.segment.analytics.kotlin.core.utilities.FileEventStream;
import com.segment.analytics.kotlin.core.utilities.PropertiesFile;
import com.segment.analytics.kotlin.core.utilities.StorageImpl;
import java.io.File;
import java.lang.reflect.Field;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlin.jvm.functions.Function1;
import kotlinx.coroutines.CoroutineDispatcher;
import kotlinx.serialization.json.Json;
import sovran.kotlin.Store;

/** Segment's client for Kotlin, as Android uses it, on the JVM. It always gzips, and has no page call. */
public final class SegmentKotlin {
  private static final int NEVER_SECONDS = 3600;
  private static final int POLL_MILLIS = 300;
  private static final int PATIENCE_MILLIS = 120_000;

  public static void main(String[] arguments) throws Exception {
    Scenarios.run(SegmentKotlin::make);
  }

  private static Scenarios.Sender make(String writeKey, String url) throws Exception {
    OwnFolder storage = new OwnFolder(Files.createTempDirectory("analytics-kotlin").toFile());
    String host = url.replaceFirst("^http://", "") + "/v1";
    Configuration configuration =
        new ConfigurationBuilder(writeKey)
            .setApplication("conformance")
            .setApiHost(host)
            .setCdnHost(host)
            .setFlushInterval(NEVER_SECONDS)
            .setRequestFactory(new OnLoopback())
            .build();
    configuration.setStorageProvider(storage);
    configuration.setErrorHandler(error -> Unit.INSTANCE);
    Analytics analytics = new Analytics(configuration);
    waitUntilStarted(new JavaAnalytics(analytics));
    return new Scenarios.Sender() {
      @Override
      public void send(List<JsonObject> calls) throws Exception {
        storage.expected += (int) calls.stream().filter(call -> !Scenarios.text(call, "type").equals("page")).count();
        for (JsonObject call : calls) track(analytics, call);
        waitFor(() -> {
          boolean settled = !storage.unsettled();
          // a batch that failed is tried again at a later flush; one flush too many would cut the next batch in two
          if (!settled && storage.complete()) analytics.flush();
          return settled;
        }, storage::toString);
      }

      @Override
      public void close() {
        analytics.shutdown();
      }
    };
  }

  /**
   * The client loses what it is given before its plugin for ids is there, and may lose what it is given while its queue
   * of the first calls changes to its usual way, as soon as the settings have come.
   */
  private static void waitUntilStarted(JavaAnalytics analytics) throws Exception {
    Field started = StartupQueue.class.getDeclaredField("started");
    started.setAccessible(true);
    waitFor(() -> {
      StartupQueue queue = analytics.find(StartupQueue.class);
      boolean hasIds = !analytics.findAll(UserInfoPlugin.class).isEmpty() && analytics.anonymousId() != null;
      return hasIds && queue != null && ((AtomicBoolean) started.get(queue)).get();
    }, () -> "the client has not started");
    Thread.sleep(POLL_MILLIS);
  }

  private static void waitFor(Callable<Boolean> done, Supplier<String> whatIsMissing) throws Exception {
    long until = System.currentTimeMillis() + PATIENCE_MILLIS;
    while (!done.call()) {
      if (System.currentTimeMillis() > until) throw new IllegalStateException(whatIsMissing.get());
      Thread.sleep(POLL_MILLIS);
    }
  }

  private static void track(Analytics analytics, JsonObject call) {
    Function1<BaseEvent, BaseEvent> asSaid =
        event -> {
          if (call.has("anonymousId")) event.setAnonymousId(Scenarios.text(call, "anonymousId"));
          if (call.has("timestamp")) event.setTimestamp(Scenarios.text(call, "timestamp"));
          if (event instanceof AliasEvent alias) alias.setPreviousId(Scenarios.text(call, "previousId"));
          return event;
        };
    var traits = object(call, "traits");
    var properties = object(call, "properties");
    switch (Scenarios.text(call, "type")) {
      case "identify" -> analytics.identify(Scenarios.text(call, "userId"), traits, asSaid);
      case "screen" -> analytics.screen(
          Scenarios.text(call, "name"), properties, Scenarios.text(call, "category"), asSaid);
      case "group" -> analytics.group(Scenarios.text(call, "groupId"), traits, asSaid);
      case "alias" -> analytics.alias(Scenarios.text(call, "userId"), asSaid);
      case "track" -> analytics.track(Scenarios.text(call, "event"), properties, asSaid);
      default -> {} // page
    }
  }

  private static kotlinx.serialization.json.JsonObject object(JsonObject call, String name) {
    String text = call.has(name) ? call.get(name).toString() : "{}";
    return (kotlinx.serialization.json.JsonObject) Json.Default.parseToJsonElement(text);
  }

  /** The client speaks HTTPS only; the test's proxy listens on loopback without it. */
  private static final class OnLoopback extends RequestFactory {
    @Override
    public HttpURLConnection openConnection(String url) {
      return super.openConnection(url.replaceFirst("^https:", "http:"));
    }
  }

  /**
   * The client's own files, in a folder for each client: by default all clients with one key share a folder. An event
   * is written into a file some time after its call; the file is removed when its batch is sent or given up.
   */
  private static final class OwnFolder implements StorageProvider {
    private final File folder;
    private final AtomicInteger written = new AtomicInteger();
    private int expected;

    OwnFolder(File folder) {
      this.folder = folder;
    }

    boolean complete() {
      return written.get() == expected;
    }

    boolean unsettled() {
      return !complete() || files().length > 0;
    }

    private String[] files() {
      String[] files = new File(folder, "events").list();
      return files == null ? new String[0] : files;
    }

    @Override
    public String toString() {
      return "%d of %d calls written, batches neither sent nor given up: %s"
          .formatted(written.get(), expected, String.join(" ", files()));
    }

    @Override
    public Storage createStorage(Object... parameters) {
      Analytics analytics = (Analytics) parameters[0];
      return new StorageImpl(
          new PropertiesFile(new File(folder, "properties")),
          new FileEventStream(new File(folder, "events")),
          analytics.getStore(),
          analytics.getConfiguration().getWriteKey(),
          "segment.events.file.index",
          analytics.getFileIODispatcher()) {
        @Override
        public Object write(Storage.Constants key, String value, Continuation<? super Unit> next) {
          Object done = super.write(key, value, next);
          if (key == Storage.Constants.Events) written.incrementAndGet();
          return done;
        }
      };
    }

    @Override
    public Storage getStorage(
        Analytics analytics, Store store, String writeKey, CoroutineDispatcher dispatcher, Object application) {
      return createStorage(analytics);
    }
  }
}
