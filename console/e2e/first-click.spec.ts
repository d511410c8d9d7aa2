import type { Page } from "@playwright/test";
import { expect, test } from "./browser";
import { readEnvironment } from "./environment";

const CLICKS = 5;

const shot = (page: Page, name: string) =>
  page.screenshot({ path: `test-results/screenshots/${name}.png` });

async function signIn(page: Page, password: string) {
  const { url, email } = readEnvironment();
  await page.goto(`${url}/console/`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a wrong password is refused in words", async ({ page }) => {
  const { password } = readEnvironment();
  await signIn(page, `${password}-but-wrong`);

  await expect(page.getByRole("alert")).toContainText(
    "The e-mail address or the password is wrong.",
  );
  await expect(page.getByLabel("Password")).toBeFocused();
  await shot(page, "1-sign-in-refused");
});

test("a new link is clicked, and the count moves while one watches", async ({ page, request }) => {
  const { password } = readEnvironment();
  const code = `e2e-${Date.now().toString(36)}`;
  const target = `https://example.com/${code}?from=first-click`;

  // The list, with the link that is already there.
  await signIn(page, password);
  const list = page.getByRole("table", { name: "Links, newest first" });
  const firstRow = list.locator("tbody").getByRole("row").first();
  await expect(firstRow.getByRole("link")).toContainText("/");
  await expect(firstRow.getByRole("cell").filter({ hasText: /^[\d,]+$/ })).toBeVisible();
  await shot(page, "2-list");

  // Another link.
  await page.getByRole("button", { name: "New link" }).click();
  const dialog = page.getByRole("dialog", { name: "New link" });
  await dialog.getByLabel("Target").fill(target);
  await dialog.getByLabel("Code").fill(code);
  await dialog.getByLabel("Title").fill("Made by the browser test");
  await shot(page, "3-new-link");
  await dialog.getByRole("button", { name: "Create link" }).click();
  await expect(dialog).toBeHidden();
  const row = list.getByRole("row", { name: code });
  await expect(row).toContainText("Active");
  await expect(page.locator("[data-sonner-toaster]")).toHaveCSS("position", "fixed");
  await shot(page, "4-created");

  // Its page, before anybody clicked.
  await row.getByRole("link", { name: code }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(code);
  const total = page.locator("dt", { hasText: "Total clicks" }).locator("+ dd");
  await expect(total).toHaveText("0");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));

  // Somebody follows the short link.
  const shortUrl = `${readEnvironment().url}/${code}`;
  for (let click = 0; click < CLICKS; click += 1) {
    const answer = await request.get(shortUrl, { maxRedirects: 0 });
    expect(answer.status()).toBe(302);
    expect(answer.headers().location).toBe(target);
  }

  // The page has noticed, on its own.
  await expect(total).toHaveText(String(CLICKS));
  const chart = page.getByRole("img", { name: /Bar chart/ });
  await expect(chart).toHaveAccessibleName(new RegExp(`last 24 hours: ${CLICKS} clicks`));
  await expect(chart.locator(".recharts-bar-rectangle path").last()).toBeVisible();
  await shot(page, "5-clicked");

  // The clicks are in the hour that is running: the newest, or the one before at a turn of hour.
  await page.getByRole("link", { name: "Table" }).click();
  const hours = page.getByRole("table", { name: "Clicks per hour, last 24 hours" });
  await expect(hours.locator("tbody").getByRole("row")).toHaveCount(24);
  const counts = await hours.getByRole("cell").allTextContents();
  expect(Number(counts[0]) + Number(counts[1])).toBe(CLICKS);
  await shot(page, "6-table");

  // And the list knows it too.
  await page.getByRole("link", { name: "← Links" }).click();
  await expect(row.getByRole("cell", { name: String(CLICKS), exact: true })).toBeVisible();
  await shot(page, "7-list-again");
  expect(await page.evaluate(() => "neverReloaded" in window)).toBe(true);
});
