// What a record is viewed for, by the names that the chain has.
export const PURPOSES = ['Treatment', 'SecondOpinion', 'Research', 'Billing', 'Other'] as const;
export type Purpose = (typeof PURPOSES)[number];
