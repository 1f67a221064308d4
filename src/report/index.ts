/** Reports of runs: `import { readReport, reportHtml } from 'trainscope/report'`. */
export type { ReportModel, RunModel } from './model.js';
