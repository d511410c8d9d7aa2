/** What went wrong with the whole form. Always in the page, so that screen readers announce it. */
export function FormError({ message }: { message: string | undefined }) {
  return (
    <div role="alert">
      {message && (
        <p className="rounded-lg bg-danger-soft px-3 py-2.5 text-[13px] text-danger">{message}</p>
      )}
    </div>
  );
}
