// Files for whoever looks at the page.

/** Gives bytes to the browser as a file of this name. */
export function save(bytes: Uint8Array | string, name: string, type = ''): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes as BlobPart], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
