import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { loadLanguage, preferredLanguage } from './i18n/language.svelte';

await loadLanguage(preferredLanguage());
mount(App, { target: document.getElementById('app')! });
