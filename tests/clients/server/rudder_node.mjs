// A shop's server that speaks @rudderstack/rudder-sdk-node; arguments: URL, key.
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const [url, key] = process.argv.slice(2);
const Client = RudderAnalytics.default ?? RudderAnalytics;
const rudder = new Client(key, { dataPlaneUrl: url, flushInterval: 200, logLevel: "error" });
rudder.identify({ userId: "ann", traits: { email: "ann@example.org", name: "安" } });
rudder.page({ userId: "ann", name: "Home", properties: { url: "https://shop.example/" } });
rudder.screen({ userId: "ann", name: "Cart", properties: { items: 2 } });
rudder.track({
  userId: "ann",
  event: "Product Viewed",
  properties: { product_id: "mug", name: "茶杯 🍵", price: 19.9, currency: "EUR" },
});
rudder.track({ anonymousId: "v1", event: "Products Searched", properties: { query: "茶" } });
rudder.group({ userId: "ann", groupId: "club", traits: { plan: "gold" } });
rudder.alias({ userId: "ann", previousId: "v0" });
await rudder.flush();
process.exit(0);
