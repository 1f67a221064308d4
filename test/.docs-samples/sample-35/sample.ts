import { diagnosis } from 'trainscope/plugins';

export const plugin = diagnosis({ every: 1 });

export {};
