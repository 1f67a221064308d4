import { weightNorm } from 'trainscope/plugins';

export const plugin = weightNorm({ movesByDesign: ['average/kernel'] });

export {};
