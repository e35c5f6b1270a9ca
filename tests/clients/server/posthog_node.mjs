// A shop's server that speaks posthog-node; arguments: URL, key.
import { PostHog } from "posthog-node";

const [url, key] = process.argv.slice(2);
const posthog = new PostHog(key, { host: url });
posthog.identify({ distinctId: "ann", properties: { email: "ann@example.org", name: "安" } });
posthog.capture({ distinctId: "ann", event: "$pageview", properties: { $current_url: "https://shop.example/" } });
posthog.capture({
  distinctId: "ann",
  event: "Product Viewed",
  properties: { product_id: "mug", name: "茶杯 🍵", price: 19.9, currency: "EUR" },
});
posthog.groupIdentify({ groupType: "club", groupKey: "c1", properties: { plan: "gold" } });
posthog.alias({ distinctId: "ann", alias: "v0" });
await posthog.shutdown();
