// The texts, in the language that the user chose or the browser asks for.
import { de } from './de';
import { en } from './en';

const TABLES = { en, de };
export type Language = keyof typeof TABLES;
export const LANGUAGES: { id: Language; name: string }[] = [
  { id: 'en', name: 'English' }, { id: 'de', name: 'Deutsch' },
];

const REMEMBERED = 'medchain.language';

function first(): Language {
  const wanted = [localStorage.getItem(REMEMBERED), ...navigator.languages];
  const known = wanted.find((one) => one && one.slice(0, 2) in TABLES);
  return (known?.slice(0, 2) as Language | undefined) ?? 'en';
}

class I18n {
  language = $state<Language>(first());

  /** The texts. */
  get t(): typeof en {
    return TABLES[this.language];
  }

  choose(language: Language): void {
    this.language = language;
    localStorage.setItem(REMEMBERED, language);
    document.documentElement.lang = language;
  }

  /** A date as people write it. */
  date(time: Date): string {
    return time.toLocaleDateString(this.language, { year: 'numeric', month: 'short', day: 'numeric' });
  }

  /** How long something takes, in the largest unit that it fills. */
  span(milliseconds: number): string {
    const units = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000]] as const;
    const [unit, length] = units.find(([, one]) => milliseconds >= one) ?? units[3];
    return (milliseconds / length).toLocaleString(this.language, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 1 });
  }

  /** A share, from 0 to 1, in percent. */
  percent(share: number): string {
    return share.toLocaleString(this.language, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  }
}

export const i18n = new I18n();
