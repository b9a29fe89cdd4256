// Files that the user chooses or drops, also those in folders.

/** A file, with the name under which it is listed: its path, where it is in a folder. */
export interface Found { name: string; file: File }

/** How many files are taken at once: each is read, cleaned and looked at. */
export const MOST = 200;

/** What a folder has that nobody means: hidden files, and a hospital's table of contents. */
const isAside = (name: string): boolean => name.startsWith('.') || name.toUpperCase() === 'DICOMDIR';

/** Files of a field; the field for folders gives their paths. */
export function chosen(files: Iterable<File>): Found[] {
  return [...files]
    .map((file) => ({ name: file.webkitRelativePath || file.name, file }))
    .filter(({ name, file }) => name === file.name || !name.split('/').some(isAside))
    .sort(byName);
}

/**
 * What was dropped, with what is in its folders. To be called while the event is handled: after
 * it, a browser has nothing more. One file more than `MOST` is found at most.
 */
export async function dropped(transfer: DataTransfer | null): Promise<Found[]> {
  const entries = [...transfer?.items ?? []].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files = [...transfer?.files ?? []];
  if (entries.length === 0) return chosen(files);
  const found: Found[] = [];
  for (const entry of entries) await walk(entry, found);
  return found.sort(byName);
}

const byName = (a: Found, b: Found): number => a.name.localeCompare(b.name, undefined, { numeric: true });

async function walk(entry: FileSystemEntry, found: Found[]): Promise<void> {
  if (found.length > MOST) return;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => { entry.file(resolve, reject); });
    found.push({ name: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  if (!isFolder(entry)) return;
  const reader = entry.createReader();
  for (;;) {
    // A folder comes in parts, the last of which is empty.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (part.length === 0) return;
    for (const one of part) if (!isAside(one.name)) await walk(one, found);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
