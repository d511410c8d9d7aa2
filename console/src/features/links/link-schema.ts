import * as z from "zod";

/** "example.com" means "https://example.com"; what has a scheme already is left alone. */
function withScheme(text: string): string {
  const hasScheme = text.includes("://") || /^[a-z]+:[^0-9]/i.test(text);
  const looksLikeHost = /^(localhost|[^/\s]+\.[^/\s]+)/i.test(text);
  return !hasScheme && looksLikeHost ? `https://${text}` : text;
}

export const target = z
  .string()
  .trim()
  .min(1, "Enter the address that visitors should reach.")
  .transform(withScheme)
  .pipe(
    z.url({ protocol: /^https?$/, error: "Enter a web address, such as https://example.com." }),
  );

/** The API decides which codes are free or reserved; this catches typing errors as they happen. */
export const code = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9_-]*$/, "Use letters, digits, “-” and “_” only.")
  .max(64, "Use at most 64 characters.");

export const title = z.string().trim().max(512, "Use at most 512 characters.");

/** The value of a `datetime-local` input, or nothing. */
export const expiry = z.string();

export const futureExpiry = expiry.refine(
  (value) => value === "" || new Date(value) > new Date(),
  "Choose a moment in the future.",
);
