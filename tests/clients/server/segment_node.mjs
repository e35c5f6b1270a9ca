// A shop's server that speaks @segment/analytics-node; arguments: URL, key.
import { Analytics } from "@segment/analytics-node";

const [url, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host: url });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});
analytics.identify({ userId: "ann", traits: { email: "ann@example.org", name: "安" } });
analytics.page({ userId: "ann", category: "Shop", name: "Home", properties: { url: "https://shop.example/" } });
analytics.screen({ userId: "ann", name: "Cart", properties: { items: 2 } });
analytics.track({
  userId: "ann",
  event: "Product Viewed",
  properties: { product_id: "mug", name: "茶杯 🍵", price: 19.9, currency: "EUR" },
});
analytics.track({ anonymousId: "v1", event: "Products Searched", properties: { query: "茶" } });
analytics.group({ userId: "ann", groupId: "club", traits: { plan: "gold" } });
analytics.alias({ userId: "ann", previousId: "v0" });
await analytics.closeAndFlush();
