/** An id that nobody else makes, also on pages without a secure context. @returns {string} */
export function uuid() {
  const bytes = () => [...crypto.getRandomValues(new Uint8Array(16))];
  return crypto.randomUUID?.() ?? bytes().map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
