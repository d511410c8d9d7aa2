import { expect, test } from "@playwright/test";
import { readEnvironment } from "./environment";

test("pages for visitors have their style, and no other", async ({ page }) => {
  const { url } = readEnvironment();
  // At the edge, and from the control plane.
  for (const [path, width] of [
    ["/no-such-link", "30rem"],
    ["/report/no-such-link", "34rem"],
  ]) {
    await page.goto(`${url}${path}`);
    await expect(page.getByRole("heading", { name: "Not Found" })).toBeVisible();
    const pixels = `${Number.parseFloat(width ?? "") * 16}px`;
    await expect(page.locator("body")).toHaveCSS("max-width", pixels);
    const refused = await page.evaluate(async () => {
      const violation = new Promise<string>((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => {
          resolve(event.effectiveDirective);
        });
      });
      document.body.setAttribute("style", "max-width: 1px");
      return violation;
    });
    expect(refused).toBe("style-src-attr");
    await expect(page.locator("body")).toHaveCSS("max-width", pixels);
  }
});
