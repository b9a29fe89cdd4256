// The page's start.
import { mount } from 'svelte';

import App from './App.svelte';
import './styles/main.css';

const target = document.getElementById('page');
if (target) mount(App, { target });
