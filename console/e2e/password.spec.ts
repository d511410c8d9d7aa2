import type { APIRequestContext } from "@playwright/test";
import { expect, test } from "./browser";
import { readEnvironment } from "./environment";

const PASSWORD = "open sesame";

/** A link with that password, made by the API. */
async function protectedLink(request: APIRequestContext, code: string, target: string) {
  const { url, email, password } = readEnvironment();
  const session = await request.post(`${url}/api/v1/session`, { data: { email, password } });
  const [cookie] = (session.headers()["set-cookie"] ?? "").split(";");
  const created = await request.post(`${url}/api/v1/links`, {
    data: { original_url: target, code, password: PASSWORD },
    headers: { cookie: cookie ?? "", "x-requested-with": "linkpulse" },
  });
  expect(created.status()).toBe(201);
  return `${url}/${code}`;
}

test("a visitor who knows the password gets to the target", async ({ page, request }) => {
  const code = `vault-${Date.now().toString(36)}`;
  const target = `https://example.com/${code}`;
  const link = await protectedLink(request, code, target);
  const enter = async (password: string) => {
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Continue" }).click();
  };

  await page.goto(`${link}?x=1`);
  await expect(page.getByLabel("Password")).toBeFocused();
  await enter("guess");
  await expect(page.getByRole("alert")).toHaveText("This is not the password.");
  await page.screenshot({ path: "test-results/screenshots/password-refused.png" });

  // Whether anybody answers there does not matter. Browsers apply a page's rule for forms to all
  // redirects behind them, and would not even ask.
  const asked = page.waitForRequest(target);
  await enter(PASSWORD);
  expect((await asked).redirectedFrom()?.url()).toBe(`${link}?x=1`);

  // In a window of its own: the first one is still busy finding out that nobody answers there.
  const preview = await page.context().newPage();
  await preview.goto(`${link}+`);
  await expect(preview.getByRole("link", { name: target })).toHaveAttribute("href", target);
  await preview.screenshot({ path: "test-results/screenshots/preview.png" });
});
