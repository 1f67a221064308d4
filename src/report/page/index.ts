import type { ReportModel } from '../model.js';

const model = JSON.parse(document.getElementById('model')?.textContent ?? '{}') as ReportModel;
document.title = model.title;
